import { z } from 'zod';
import { jobIdSchema } from '../../shared/ids.ts';
import { parseQueueMessage, type QueueMessage } from '../../shared/queue-message.ts';

type ReadMessage =
  | { readonly jobId: string; readonly message: QueueMessage; readonly problem: null }
  | { readonly jobId: string | null; readonly message: null; readonly problem: string };

/** A message this worker cannot read, say of a later version, may still tell whose failure to report. */
export function readMessage(body: string): ReadMessage {
  try {
    const message = parseQueueMessage(body);
    return { jobId: message.job_id, message, problem: null };
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { jobId: findJobId(body), message: null, problem };
  }
}

function findJobId(body: string): string | null {
  try {
    return z.object({ job_id: jobIdSchema }).parse(JSON.parse(body)).job_id;
  } catch {
    return null;
  }
}
