import { DurableObject } from 'cloudflare:workers';
import type { QueueMessage } from '../../shared/queue-message.ts';
import type { WorkerEvent, WorkerEventAnswer } from '../../shared/worker-event.ts';
import type { EdgeEnv } from '../env.ts';
import { type SendToQueue, sendToQueue } from '../queue/sqs-producer.ts';
import { createDeliverer } from '../webhooks/deliverer.ts';
import { type Delivery, redelivered, withEvent } from '../webhooks/delivery.ts';
import { sendWebhook } from '../webhooks/send-webhook.ts';
import { webhookEventOf } from '../webhooks/webhook-event.ts';
import { retryAtMs, setAlarmToEarliest } from './alarm.ts';
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
import { createWakeUps } from './job/wake-ups.ts';
import { accountOf, shareOf } from './stubs.ts';

/** Something another party must hear at least once. Sent at once, and again from `dueAtMs` on until acknowledged. */
type Outgoing = { readonly dueAtMs: number; readonly failures: number };

/** Stored as one value, so that a transition and what it owes others are one write. */
type StoredJob = {
  readonly state: JobState;
  readonly toQueue: Outgoing | null;
  readonly toAccount: Outgoing | null;
  readonly deliveries: readonly Delivery[];
};

export type JobView = { readonly state: JobState; readonly lastEventId: number };

/** A send that was not acknowledged by then, because the object died, is repeated. */
const RESEND_AFTER_MS = 15_000;

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
  readonly #sending = new Set<'toQueue' | 'toAccount'>();
  readonly #wakeUps = createWakeUps();
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
      this.#write({ state, toQueue: this.#owed(), toAccount: null, deliveries: [] }, ['queued']);
    });
    await this.#rearm();
    await this.#refuseWithoutShares();
    this.ctx.waitUntil(this.#sendToQueue());
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

  /** Returns when the job has ended or changed from what it was on arrival, or when the time is up. */
  async wait(until: 'change' | 'end', waitMs: number): Promise<JobView | null> {
    const before = await this.view();
    const giveUpAtMs = Date.now() + waitMs;
    while (this.#stored && !hasEnded(this.#stored.state)) {
      const leftMs = giveUpAtMs - Date.now();
      if (leftMs <= 0 || (until === 'change' && this.#log.lastId() !== before?.lastEventId)) {
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
          this.#isDue('toQueue') && this.#sendToQueue(),
          this.#isDue('toAccount') && this.#sendToAccount(),
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
        toAccount: statusChanged ? this.#owed() : stored.toAccount,
        deliveries: this.#deliveriesWith(events, stored),
      },
      events,
    );
    if (statusChanged) {
      await this.#rearm();
      await this.#sendToAccount();
      this.ctx.waitUntil(this.#deliver());
    }
  }

  #deliveriesWith(events: readonly JobEventType[], { state, deliveries }: StoredJob): readonly Delivery[] {
    const { webhook, message } = state;
    if (!webhook) {
      return deliveries;
    }
    return events
      .map((type) => webhookEventOf(message.kind, type))
      .filter((event) => event !== null)
      .reduce((known, event) => withEvent(known, event, webhook, this.now()), deliveries);
  }

  /** Tells the receiver what is due. */
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
    if (this.#stored && verdicts.some((verdict) => verdict !== 'counted')) {
      await this.#apply(refuse(this.#stored.state, this.now()));
    }
  }

  #owed(): Outgoing {
    return { dueAtMs: this.now() + RESEND_AFTER_MS, failures: 0 };
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

  #isDue(to: 'toQueue' | 'toAccount'): boolean {
    const outgoing = this.#stored?.[to];
    return outgoing ? outgoing.dueAtMs <= this.now() : false;
  }

  #sendToQueue(): Promise<void> {
    return this.#send('toQueue', (state) => this.sendToQueue(state.message));
  }

  #sendToAccount(): Promise<void> {
    return this.#send('toAccount', (state) =>
      accountOf(this.env, state.message.account_id).jobChanged(state, this.#deliveryIds()),
    );
  }

  #deliveryIds(): string[] {
    return this.#stored?.deliveries.map(({ id }) => id) ?? [];
  }

  /** Sends what is owed until nothing is or it fails; the alarm tries again then. */
  async #send(to: 'toQueue' | 'toAccount', send: (state: JobState) => Promise<void>): Promise<void> {
    if (this.#sending.has(to)) {
      return;
    }
    this.#sending.add(to);
    try {
      for (let stored = this.#stored; stored?.[to]; stored = this.#stored) {
        const outgoing = stored[to];
        const next = await this.#attempt(outgoing, send(stored.state));
        if (this.#stored?.[to] !== outgoing) {
          continue; // the job changed meanwhile, and that is owed too
        }
        this.#write({ ...this.#stored, [to]: next }, []);
        if (next) {
          break;
        }
      }
    } finally {
      this.#sending.delete(to);
      await this.#rearm();
    }
  }

  async #attempt(outgoing: Outgoing, sent: Promise<void>): Promise<Outgoing | null> {
    try {
      await sent;
      return null;
    } catch (error) {
      const failures = outgoing.failures + 1;
      console.warn(JSON.stringify({ level: 'warn', message: 'job could not send', failures, detail: String(error) }));
      return { dueAtMs: retryAtMs(this.now(), outgoing.failures), failures };
    }
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
