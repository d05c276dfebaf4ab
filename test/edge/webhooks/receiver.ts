import { env } from 'cloudflare:workers';
import { ulid } from 'ulid';
import { expect, vi } from 'vitest';
import type { z } from 'zod';
import { conceptWebhookBodySchema, generationWebhookBodySchema } from '../../../shared/webhook.ts';

export type Received = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly hangs?: boolean;
};

type WebhookBody = z.infer<typeof conceptWebhookBodySchema> | z.infer<typeof generationWebhookBodySchema>;

async function put(path: string, value: unknown): Promise<void> {
  await fetch(`${env.RECEIVER_ORIGIN}/-/${path}`, { method: 'PUT', body: JSON.stringify(value) });
}

/** Has a name lead to these addresses from now on. */
export async function setAddresses(host: string, addresses: readonly string[]): Promise<void> {
  await put(`addresses/${host}`, addresses);
}

/** A receiver of its own, which answers 204 once it has given these answers. */
export async function newReceiver(answers: readonly Answer[] = []) {
  const name = ulid();
  await put(`answers/${name}`, answers);

  async function received(): Promise<Received[]> {
    return (await fetch(`${env.RECEIVER_ORIGIN}/-/received/${name}`)).json();
  }

  return {
    url: `${env.RECEIVER_ORIGIN}/hooks/${name}`,
    received,
    answer: (next: readonly Answer[]) => put(`answers/${name}`, next),

    /** Waits for so many requests. */
    async requests(count: number): Promise<Received[]> {
      await vi.waitFor(async () => expect(await received()).toHaveLength(count), { timeout: 10_000, interval: 20 });
      return received();
    },

    async events(): Promise<string[]> {
      return (await received()).map((request) => webhookBody(request).type);
    },
  };
}

export function webhookBody({ body }: Received): WebhookBody {
  const json: unknown = JSON.parse(body);
  return conceptWebhookBodySchema.safeParse(json).data ?? generationWebhookBodySchema.parse(json);
}
