import type { ModelDescription } from '../../shared/model-description.ts';
import { faultOf } from './fault-of.ts';
import {
  type Encoded,
  type EncodeRequest,
  type EngineReply,
  engineRequestSchema,
  type Generated,
  type GenerateRequest,
  type LoadRequest,
} from './protocol.ts';

export type JobOptions = {
  readonly signal: AbortSignal;
  readonly onProgress: (step: number, steps: number) => void;
};

/** A loaded model at work. Both reject with the signal's reason when it aborts. */
export type Pipelines = {
  readonly model: ModelDescription;
  encode(request: EncodeRequest, options: JobOptions): Promise<Encoded>;
  generate(request: GenerateRequest, options: JobOptions): Promise<Generated>;
};

/**
 * The engine's side of the protocol: takes messages as they come, runs jobs side by side, and answers each with exactly one final reply. The
 * message handler rejects when a message is none of the protocol's or the model cannot be loaded; the process has no use then.
 */
export function createEngineServer(
  load: (request: LoadRequest) => Promise<Pipelines>,
  send: (reply: EngineReply) => void,
) {
  const running = new Map<string, AbortController>();
  let pipelines: Pipelines | undefined;

  function loaded(): Pipelines {
    if (pipelines === undefined) {
      throw new Error('expected a load request before any job');
    }
    return pipelines;
  }

  async function run(job: string, work: (options: JobOptions) => Promise<EngineReply>): Promise<void> {
    const canceled = new AbortController();
    const onProgress = (step: number, steps: number) => send({ type: 'progress', job, step, steps });
    running.set(job, canceled);
    try {
      send(await work({ signal: canceled.signal, onProgress }));
    } catch (error) {
      send(canceled.signal.aborted ? { type: 'stopped', job } : { type: 'failed', job, ...faultOf(error) });
    } finally {
      running.delete(job);
    }
  }

  return async (message: unknown): Promise<void> => {
    const request = engineRequestSchema.parse(message);
    switch (request.type) {
      case 'load':
        pipelines = await load(request);
        return send({ type: 'ready', model: pipelines.model });
      case 'encode':
        return run(request.job, (options) => loaded().encode(request, options));
      case 'generate':
        return run(request.job, (options) => loaded().generate(request, options));
      case 'cancel':
        return running.get(request.job)?.abort();
    }
  };
}
