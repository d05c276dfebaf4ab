import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { conceptIdSchema } from '../../../shared/ids.ts';
import type { EdgeContext } from '../../context.ts';
import { signClientToken } from '../../credentials/client-token.ts';
import { SCOPES, scopeSchema } from '../../middleware/principal.ts';
import { isoTime } from '../object-urls.ts';
import { operation } from '../operation.ts';

const MAX_CONCEPTS = 20; // a token travels in a header

const requestSchema = z.strictObject({
  scopes: z.array(scopeSchema).min(1).max(SCOPES.length),
  expires_in: z.int().min(60).max(7200).default(600).meta({ description: 'Seconds.' }),
  end_user: z
    .string()
    .min(1)
    .max(200)
    .nullish()
    .meta({ description: 'Your own id of whom the token is for: limited and counted apart.' }),
  concepts: z
    .array(conceptIdSchema)
    .max(MAX_CONCEPTS)
    .nullish()
    .meta({ description: 'The only concepts it may see; all if left out.' }),
});

const clientTokenSchema = z
  .object({
    token: z.string().nullable().meta({ description: 'Shown this once.' }),
    expires_at: z.iso.datetime(),
    scopes: z.array(scopeSchema),
    concepts: z.array(conceptIdSchema).nullable(),
    end_user: z.string().nullable(),
  })
  .openapi('ClientToken');

const route = operation(
  { access: { by: 'api_key' }, creates: { secretFields: ['token'] } },
  {
    method: 'post',
    path: '/v1/client-tokens',
    operationId: 'createClientToken',
    tags: ['Accounts'],
    summary: 'Make a short-lived token for one phone or browser',
    request: { body: { required: true, content: { 'application/json': { schema: requestSchema } } } },
    responses: { 201: { description: 'The token.', content: { 'application/json': { schema: clientTokenSchema } } } },
  },
);

export function createClientToken(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { scopes, expires_in, end_user, concepts } = c.req.valid('json');
    const { accountId, keyId } = c.get('principal');
    const iat = Math.floor(Date.now() / 1000);
    const said = { scopes: [...new Set(scopes)], end_user: end_user ?? null, concepts: concepts ?? null };
    const claims = { ...said, sub: keyId!, account: accountId, iat, exp: iat + expires_in };
    const token = await signClientToken(claims, c.get('settings').TOKEN_SIGNING_SECRET);
    return c.json({ token, expires_at: isoTime(1000 * claims.exp), ...said }, 201);
  });
}
