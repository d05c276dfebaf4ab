import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  CONCEPT_EVENTS,
  conceptWebhookBodySchema,
  GENERATION_EVENTS,
  generationWebhookBodySchema,
  type WebhookEvent,
} from '../../../shared/webhook.ts';
import type { EdgeContext } from '../../context.ts';

const SUMMARIES: Readonly<Record<WebhookEvent, string>> = {
  'concept.ready': 'A concept is ready',
  'concept.failed': 'A concept has failed or was cancelled',
  'generation.started': 'A worker has begun',
  'generation.succeeded': 'The images are there',
  'generation.failed': 'A generation has failed',
  'generation.canceled': 'A generation was cancelled',
  'generation.expired': 'No worker began in time',
};

const headersSchema = z.object({
  'webhook-id': z.string().meta({ description: 'The delivery’s id: the same however often it is attempted.' }),
  'webhook-timestamp': z.string().meta({ description: 'Of the attempt, in seconds since 1970.' }),
  'webhook-signature': z.string().meta({
    description:
      '`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`; for 24 hours after a rotation there are two.',
  }),
});

/** The requests that we make, for the document: Standard Webhooks 1.0. */
export function documentWebhooks({ openAPIRegistry }: OpenAPIHono<EdgeContext>): void {
  for (const event of [...CONCEPT_EVENTS, ...GENERATION_EVENTS]) {
    const schema = event.startsWith('concept.') ? conceptWebhookBodySchema : generationWebhookBodySchema;
    openAPIRegistry.registerWebhook({
      method: 'post',
      path: event,
      operationId: `on${event.replace(/(?:^|\.)(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
      tags: ['Webhooks'],
      summary: SUMMARIES[event],
      security: [],
      request: { headers: headersSchema, body: { required: true, content: { 'application/json': { schema } } } },
      responses: {
        '2XX': { description: 'Received. Anything else is tried again: 8 attempts in 28 hours.' },
        410: { description: 'Tell this receiver nothing more of this object.' },
      },
    });
  }
}
