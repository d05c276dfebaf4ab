/**
 * Why an attempt must not go on. `ended`: its job has an end already, cancelled for one. `superseded`: a newer attempt has the job.
 * `lease_lost`: the queue may give the message to someone else. `draining`: this worker is going away.
 */
export type StopReason = 'ended' | 'superseded' | 'lease_lost' | 'draining';

export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  readonly reason: StopReason;

  constructor(reason: StopReason, options?: ErrorOptions) {
    super(`stopped: ${reason}`, options);
    this.reason = reason;
  }
}
