import type { JobQueue, ReceivedMessage } from '../../gpu-worker/worker/job-queue.ts';

/** What was done to messages, by body; polls are answered when the test gives them something. */
export function createFakeQueue() {
  const polls: ((messages: readonly ReceivedMessage[]) => void)[] = [];
  const settled: string[] = [];
  const queue: JobQueue = {
    receive: () => new Promise((resolve) => polls.push(resolve)),
    hide: async (message, seconds) => {
      settled.push(`hide ${message.body} ${seconds}`);
    },
    delete: async (message) => {
      settled.push(`delete ${message.body}`);
    },
  };
  return {
    queue,
    settled,
    polls,
    /** Answers the oldest open poll. */
    deliver(...bodies: string[]): void {
      polls.shift()?.(bodies.map((body) => ({ body, receiptHandle: body, receiveCount: 1 })));
    },
  };
}
