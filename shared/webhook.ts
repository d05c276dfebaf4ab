import { z } from 'zod';
import { conceptSchema } from './concept.ts';
import { generationSchema } from './generation.ts';
import { deliveryIdSchema } from './ids.ts';

export const CONCEPT_EVENTS = ['concept.ready', 'concept.failed'] as const;

export const GENERATION_EVENTS = [
  'generation.started',
  'generation.succeeded',
  'generation.failed',
  'generation.canceled',
  'generation.expired',
] as const;

export const webhookEventSchema = z.enum([...CONCEPT_EVENTS, ...GENERATION_EVENTS]);
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

const MAX_URL_CHARS = 2048;

function webhookSchema<E extends WebhookEvent>(events: readonly [E, ...E[]]) {
  return z.strictObject({
    url: z.string().max(MAX_URL_CHARS).meta({ description: 'https, and a host on the internet.' }),
    events: z
      .array(z.enum(events))
      .min(1)
      .max(events.length)
      .default([...events])
      .meta({ description: 'All of them when left out.' }),
  });
}

/** Whom to tell of what, as a request asks for it. */
export const conceptWebhookSchema = webhookSchema(CONCEPT_EVENTS).meta({
  description: 'Of a new concept: one that exists already stays as it is.',
});
export const generationWebhookSchema = webhookSchema(GENERATION_EVENTS);

/** As a job keeps it. */
export type Webhook = { readonly url: string; readonly events: readonly WebhookEvent[] };

const timestampSchema = z.iso.datetime().meta({ description: 'When it happened.' });

/** The bodies of webhook requests. `data` is the object as it is when the request is made, with fresh URLs. */
export const conceptWebhookBodySchema = z
  .object({ type: z.enum(CONCEPT_EVENTS), timestamp: timestampSchema, data: conceptSchema })
  .meta({ id: 'ConceptWebhook' });

export const generationWebhookBodySchema = z
  .object({ type: z.enum(GENERATION_EVENTS), timestamp: timestampSchema, data: generationSchema })
  .meta({ id: 'GenerationWebhook' });

/**
 * `pending`: to be attempted, for the first time or again. `delivered`: answered with 2xx. `exhausted`: every attempt
 * failed. `superseded`: the end of the job was known before it got through. `stopped`: the receiver asked to hear no
 * more of this event. `disabled`: it answered 410, and hears no more of this job.
 */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'exhausted', 'superseded', 'stopped', 'disabled'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export const deliverySchema = z
  .object({
    id: deliveryIdSchema.meta({ description: 'Also the `webhook-id` of every attempt.' }),
    object: z.literal('delivery'),
    event: webhookEventSchema,
    url: z.string(),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.array(
      z.object({
        at: z.iso.datetime(),
        status_code: z.int().nullable(),
        error: z.string().nullable().meta({ description: 'Why there was no answer.' }),
        duration_ms: z.int().min(0),
      }),
    ),
    next_attempt_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Delivery' });

export type DeliveryObject = z.infer<typeof deliverySchema>;
