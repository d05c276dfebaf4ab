import type { Delivery } from '../../webhooks/delivery.ts';
import type { JobState } from './job-state.ts';
import type { Outbox } from './outbox.ts';

/** Stored as one value, so that a transition and what it owes others are one write. */
export type StoredJob = Outbox & {
  readonly state: JobState;
  readonly deliveries: readonly Delivery[];
};
