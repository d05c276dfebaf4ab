import type { Clock } from './clock.ts';
import type { Engine, JobOptions } from './engine.ts';
import type { ObjectStore } from './object-store.ts';
import type { Outputs } from './outputs.ts';

/** What running a job takes. */
export type Attempt = {
  readonly id: string;
  readonly engine: Engine;
  readonly options: JobOptions;
  readonly store: ObjectStore;
  readonly outputs: Outputs;
  readonly clock: Clock;
};
