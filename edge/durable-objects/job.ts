import { DurableObject } from 'cloudflare:workers';
import type { QueueMessage } from '../../shared/queue-message.ts';
import type { WorkerEvent, WorkerEventAnswer } from '../../shared/worker-event.ts';
import type { EdgeEnv } from '../env.ts';
import { type SendToQueue, sendToQueue } from '../queue/sqs-producer.ts';
import { createDeliverer } from '../webhooks/deliverer.ts';
import { type Delivery, redelivered } from '../webhooks/delivery.ts';
import { sendWebhook } from '../webhooks/send-webhook.ts';
import { setAlarmToEarliest } from './alarm.ts';
import { deliveriesAfter } from './job/deliveries-after.ts';
import { createEventLog, type LoggedEvent } from './job/event-log.ts';
import {
  acceptedJob,
  applyWorkerEvent,
  cancel,
  endsItselfAtMs,
  hasEnded,
  type JobEventType,
  type JobState,
  type JobTerms,
  passTime,
  refuse,
  type Transition,
} from './job/job-state.ts';
import { createOutbox, owedFrom, type Recipient } from './job/outbox.ts';
import type { StoredJob } from './job/stored-job.ts';
import { createWakeUps } from './job/wake-ups.ts';
import { accountOf, shareOf } from './stubs.ts';

export type JobView = { readonly state: JobState; readonly lastEventId: number };

/**
 * One encode or generation: a state machine with an event log. State is written first, sends follow, and the one
 * alarm repeats them until they are acknowledged and ends the job when its time is up.
 */
export class Job extends DurableObject<EdgeEnv> {
  /** Replaced by tests. */
  now: () => number = Date.now;
  random: () => number = Math.random;
  sendToQueue: SendToQueue = (message) => sendToQueue(this.env, message);

  readonly #log;
  #stored: StoredJob | undefined;
  readonly #wakeUps = createWakeUps();
  readonly #outbox = createOutbox({
    stored: () => this.#stored,
    store: (change) => this.#stored && this.#write({ ...this.#stored, ...change }, []),
    send: {
      toQueue: (state) => this.sendToQueue(state.message),
      toAccount: (state) => accountOf(this.env, state.message.account_id).jobChanged(state, this.#deliveryIds()),
    },
    now: () => this.now(),
  });
  readonly #deliverer = createDeliverer({
    deliveries: () => this.#stored?.deliveries ?? [],
    store: (deliveries) => this.#stored && this.#write({ ...this.#stored, deliveries }, []),
    attempt: (delivery) => sendWebhook(this.env, this.#stored!.state, delivery, this.now),
    now: () => this.now(),
    random: () => this.random(),
  });

  constructor(ctx: DurableObjectState, env: EdgeEnv) {
    super(ctx, env);
    this.#log = createEventLog(ctx.storage.sql);
    this.#stored = ctx.storage.kv.get<StoredJob>('job');
  }

  /** Stores the job and that it is owed to the queue in one write; repeating it changes nothing. */
  async accept(message: QueueMessage, terms: JobTerms): Promise<void> {
    if (this.#stored) {
      return;
    }
    const state = acceptedJob(message, terms, this.now());
    this.ctx.storage.transactionSync(() => {
      this.#log.create();
      this.#write({ state, toQueue: owedFrom(this.now()), toAccount: null, deliveries: [] }, ['queued']);
    });
    await this.#rearm();
    await this.#refuseWithoutShares();
    this.ctx.waitUntil(this.#send('toQueue'));
  }

  async view(): Promise<JobView | null> {
    return this.#stored ? { state: this.#stored.state, lastEventId: this.#log.lastId() } : null;
  }

  /** Events with greater ids, as soon as there are any; none when the time is up or no more will come. */
  async eventsAfter(id: number, waitMs: number): Promise<LoggedEvent[]> {
    if (this.#stored && !hasEnded(this.#stored.state) && this.#log.lastId() <= id) {
      await this.#wakeUps.wait(waitMs);
    }
    return this.#stored ? this.#log.after(id) : [];
  }

  /** Returns when the job has ended, when it has changed since an event if that will do, or when the time is up. */
  async wait(until: 'change' | 'end', { waitMs, since }: { waitMs: number; since: number }): Promise<JobView | null> {
    const giveUpAtMs = Date.now() + waitMs;
    while (this.#stored && !hasEnded(this.#stored.state)) {
      const leftMs = giveUpAtMs - Date.now();
      if (leftMs <= 0 || (until === 'change' && this.#log.lastId() !== since)) {
        break;
      }
      await this.#wakeUps.wait(leftMs);
    }
    return this.view();
  }

  async report(event: WorkerEvent): Promise<WorkerEventAnswer> {
    if (this.#stored?.state.status === 'queued') {
      await this.#refuseWithoutShares();
    }
    if (!this.#stored) {
      return { action: 'stop', reason: 'ended' };
    }
    const { answer, ...transition } = applyWorkerEvent(this.#stored.state, event, this.now());
    await this.#apply(transition);
    return answer;
  }

  async cancel(): Promise<JobView | null> {
    if (this.#stored) {
      await this.#apply(cancel(this.#stored.state, this.now()));
    }
    return this.view();
  }

  async deliveries(): Promise<readonly Delivery[]> {
    return this.#stored?.deliveries ?? [];
  }

  /** Tells the receiver once more, whatever came of it before; null when there is no such delivery. */
  async redeliver(id: string): Promise<Delivery | null> {
    const stored = this.#stored;
    if (!stored?.deliveries.some((delivery) => delivery.id === id)) {
      return null;
    }
    const deliveries = stored.deliveries.map((delivery) =>
      delivery.id === id ? redelivered(delivery, this.now()) : delivery,
    );
    this.#write({ ...stored, deliveries }, []);
    await this.#rearm();
    this.ctx.waitUntil(this.#deliver());
    return deliveries.find((delivery) => delivery.id === id) ?? null;
  }

  /** Forgets the job; whoever still works on it is told to stop. */
  async delete(): Promise<void> {
    if (this.#stored && this.#stored.state.status !== 'succeeded') {
      const { message, shares } = this.#stored.state;
      await Promise.all(shares.map((name) => shareOf(this.env, name).giveBack(message.job_id)));
    }
    this.#stored = undefined;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#wakeUps.wakeAll();
  }

  override async alarm(): Promise<void> {
    try {
      if (this.#stored) {
        await this.#apply(passTime(this.#stored.state, this.now()));
        await Promise.all([
          this.#outbox.isDue('toQueue') && this.#send('toQueue'),
          this.#outbox.isDue('toAccount') && this.#send('toAccount'),
          this.#deliver(),
        ]);
      }
    } finally {
      await this.#rearm();
    }
  }

  async #apply({ state, events }: Transition): Promise<void> {
    const stored = this.#stored;
    if (!stored || state === stored.state) {
      return;
    }
    const statusChanged = state.status !== stored.state.status;
    this.#write(
      {
        state,
        toQueue: hasEnded(state) ? null : stored.toQueue,
        toAccount: statusChanged ? owedFrom(this.now()) : stored.toAccount,
        deliveries: deliveriesAfter(stored, events, this.now()),
      },
      events,
    );
    if (statusChanged) {
      await this.#rearm();
      await this.#send('toAccount');
      this.ctx.waitUntil(this.#deliver());
    }
  }

  async #send(to: Recipient): Promise<void> {
    try {
      await this.#outbox.send(to);
    } finally {
      await this.#rearm();
    }
  }

  async #deliver(): Promise<void> {
    try {
      await this.#deliverer.run();
    } finally {
      await this.#rearm();
    }
  }

  /** Ends a job that has not begun unless every share it came by counts it as a use. */
  async #refuseWithoutShares(): Promise<void> {
    const { message, shares } = this.#stored!.state;
    const verdicts = await Promise.all(shares.map((name) => shareOf(this.env, name).confirm(message.job_id)));
    const refusal = verdicts.find((verdict) => verdict !== 'counted');
    if (this.#stored && refusal) {
      await this.#apply(refuse(this.#stored.state, refusal, this.now()));
    }
  }

  #write(stored: StoredJob, events: readonly JobEventType[]): void {
    this.ctx.storage.transactionSync(() => {
      this.ctx.storage.kv.put('job', stored);
      for (const event of events) {
        this.#log.append(event, this.now(), event === 'progress' ? stored.state.progress : null);
      }
    });
    this.#stored = stored;
    if (events.length > 0) {
      this.#wakeUps.wakeAll();
    }
  }

  #deliveryIds(): string[] {
    return this.#stored?.deliveries.map(({ id }) => id) ?? [];
  }

  async #rearm(): Promise<void> {
    const stored = this.#stored;
    if (stored) {
      await setAlarmToEarliest(this.ctx.storage, [
        endsItselfAtMs(stored.state),
        stored.toQueue?.dueAtMs ?? null,
        stored.toAccount?.dueAtMs ?? null,
        this.#deliverer.nextDueAtMs(),
      ]);
    }
  }
}
