import { setImmediate as nextTurn } from 'node:timers/promises';
import { isShallow, type PredictNoise, type UNetResult, type UNetRow } from '../ml/elite/unet-rows.ts';
import type { PictureSize } from '../ml/image/picture.ts';

type Call = {
  readonly size: PictureSize;
  readonly rows: readonly UNetRow[];
  readonly isShallow: boolean;
  resolve(results: UNetResult[]): void;
  reject(error: unknown): void;
};

/**
 * Runs the calls of whatever jobs are under way together: one call of the UNet takes the rows that wait, first come first served, as far as
 * they are of one picture size, all shallow or none, and at most `maxRows`. So a new job waits for one step, not for an image, and each job gets its turn.
 *
 * Between two calls the event loop turns once: samplers go on and ask for their next step, and messages from the worker come in, which `run`
 * of a session holds up.
 */
export function batchNoise(predictNoise: PredictNoise, { maxRows }: { readonly maxRows: number }): PredictNoise {
  const waiting: Call[] = [];
  let working = false;

  async function workOff(): Promise<void> {
    working = true;
    while (waiting.length > 0) {
      await nextTurn();
      await runTogether(takeBatch(waiting, maxRows));
    }
    working = false;
  }

  async function runTogether(calls: readonly Call[]): Promise<void> {
    try {
      const results = await predictNoise(
        calls[0].size,
        calls.flatMap(({ rows }) => rows),
      );
      let start = 0;
      for (const { rows, resolve } of calls) {
        resolve(results.slice(start, start + rows.length));
        start += rows.length;
      }
    } catch (error) {
      for (const { reject } of calls) {
        reject(error);
      }
    }
  }

  return (size, rows) =>
    new Promise((resolve, reject) => {
      waiting.push({ size, rows, isShallow: isShallow(rows), resolve, reject });
      if (!working) {
        workOff();
      }
    });
}

/** Takes the first call out, and with it those of its kind that fit. A call is never split. */
function takeBatch(waiting: Call[], maxRows: number): Call[] {
  const [first] = waiting;
  const batch: Call[] = [];
  let rowCount = 0;
  for (const call of [...waiting]) {
    if (batch.length === 0 || (isAlike(call, first) && rowCount + call.rows.length <= maxRows)) {
      batch.push(call);
      rowCount += call.rows.length;
      waiting.splice(waiting.indexOf(call), 1);
    }
  }
  return batch;
}

function isAlike(a: Call, b: Call): boolean {
  return a.size.width === b.size.width && a.size.height === b.size.height && a.isShallow === b.isShallow;
}
