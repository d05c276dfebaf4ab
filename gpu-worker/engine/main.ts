import { loadPipelines } from './load-pipelines.ts';
import { createEngineServer } from './serve.ts';

/**
 * The engine process. `run` of a session blocks its event loop, so nothing here keeps time; the worker that forked it
 * does, and ends it.
 */
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the worker decides
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit()); // the worker is gone

const handle = createEngineServer(loadPipelines, (reply) => process.send?.(reply));

process.on('message', (message) => {
  handle(message).catch((error) => {
    console.error(error);
    process.exit(1);
  });
});
