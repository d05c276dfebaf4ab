import type { Logger } from 'pino';
import type { Engine } from './engine.ts';
import type { ObjectStore } from './object-store.ts';
import type { EdgeConnection, Reporter } from './report.ts';

/** What every job needs. */
export type WorkerParts = {
  readonly engine: Engine;
  readonly store: ObjectStore;
  readonly edge: EdgeConnection;
  readonly log: Logger;
};

/** The last delivery tells the job that it failed and why, instead of leaving it to another. */
export const MAX_DELIVERIES = 5;

/** One receive of a job's message: an attempt at the job. */
export type Delivery = WorkerParts & {
  readonly attemptId: string;
  readonly count: number; // 1 for the first
  readonly reporter: Reporter;
  readonly signal: AbortSignal; // aborts with StoppedError
};
