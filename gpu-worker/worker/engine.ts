import type { ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import type { ModelDescription } from '../../shared/model-description.ts';
import type { Encoded, EncodeRequest, Generated, GenerateRequest, LoadRequest } from '../engine/protocol.ts';
import type { Clock } from './clock.ts';
import { type EngineChild, type RunOptions, startEngineChild } from './engine-child.ts';
import { createGate } from './gate.ts';
import { untilAborted } from './until-aborted.ts';

const MAX_FAILED_STARTS = 5;
const FIRST_RESTART_DELAY_MS = 500;

type EngineOptions = {
  readonly load: LoadRequest;
  /** A new process that speaks the engine's protocol. */
  readonly fork: () => ChildProcess;
  readonly clock: Clock;
  readonly log: Logger;
};

/** `alone`: nothing else runs meanwhile, so that a job which takes the engine down takes no other along. */
export type JobOptions = RunOptions & { readonly alone: boolean };

/** The engine process as the worker sees it: it dies, and there is another one. */
export type Engine = {
  readonly model: ModelDescription;
  /** Rejects when the engine cannot be brought up again; the worker is of no use then. */
  readonly lost: Promise<never>;
  /** Both reject as EngineChild.run does. */
  encode(request: Omit<EncodeRequest, 'type'>, options: JobOptions): Promise<Encoded>;
  generate(request: Omit<GenerateRequest, 'type'>, options: JobOptions): Promise<Generated>;
  stop(): Promise<void>;
};

/**
 * Resolves when the model is loaded. Rejects, without a second try, when the first process dies before: that is a wrong model folder or a
 * missing accelerator, and no restart mends it.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { load, fork, clock, log } = options;
  const gate = createGate();
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {}); // whoever waits for it hears of it
  const stopping = new AbortController();
  let child = startEngineChild(fork(), load, clock);
  const model = await child.ready;
  let available = Promise.resolve(child);
  watch();

  function watch(): void {
    child.exited.then((how) => {
      if (!stopping.signal.aborted) {
        log.error({ how }, 'the engine died, starting another');
        available = restart();
        available.catch((error) => !stopping.signal.aborted && lost.reject(error));
      }
    });
  }

  async function restart(): Promise<EngineChild> {
    for (let failures = 0; ; ) {
      child = startEngineChild(fork(), load, clock);
      try {
        const { fingerprint } = await child.ready;
        if (fingerprint !== model.fingerprint) {
          throw new Error(`expected the model folder to still hold ${model.fingerprint}, got ${fingerprint}`);
        }
        watch();
        return child;
      } catch (error) {
        child.kill();
        if (++failures === MAX_FAILED_STARTS) {
          throw error;
        }
        await clock.sleep(FIRST_RESTART_DELAY_MS * 2 ** failures, stopping.signal);
      }
    }
  }

  async function run(request: EncodeRequest | GenerateRequest, jobOptions: JobOptions): Promise<Encoded | Generated> {
    const leave = await gate.enter(jobOptions);
    try {
      return await (await untilAborted(available, jobOptions.signal)).run(request, jobOptions);
    } finally {
      leave();
    }
  }

  return {
    model,
    lost: lost.promise,
    async encode(request, jobOptions) {
      const answer = await run({ type: 'encode', ...request }, jobOptions);
      if (answer.type !== 'encoded') {
        throw new Error(`expected the engine to answer an encode with encoded, got ${answer.type}`);
      }
      return answer;
    },
    async generate(request, jobOptions) {
      const answer = await run({ type: 'generate', ...request }, jobOptions);
      if (answer.type !== 'generated') {
        throw new Error(`expected the engine to answer a generate with generated, got ${answer.type}`);
      }
      return answer;
    },
    async stop() {
      stopping.abort();
      child.kill();
      await child.exited;
    },
  };
}
