import type { OpenAPIHono } from '@hono/zod-openapi';
import { accepts } from 'hono/accepts';
import { type PublicShare, publicShareSchema } from '../../../shared/share.ts';
import type { EdgeContext } from '../../context.ts';
import { sharePath } from '../../credentials/share-token.ts';
import { pageHeaders } from '../../pages/page-headers.ts';
import { missingSharePage, sharePage } from '../../pages/share-page.ts';
import { isoTime } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { findShare, requireShare, type SharedConcept } from './find-share.ts';
import { findSample } from './share-sample.ts';
import { sharedParamsSchema } from './shared-params.ts';

const route = operation(
  { access: { by: 'share_url' } },
  {
    method: 'get',
    path: '/s/{token}',
    operationId: 'showShare',
    tags: ['Shares'],
    summary: 'What a share URL shows: a page for browsers, JSON when it is asked for',
    request: { params: sharedParamsSchema },
    responses: {
      200: {
        description: 'The share.',
        content: { 'application/json': { schema: publicShareSchema }, 'text/html': { schema: { type: 'string' } } },
      },
    },
  },
);

export function showShare(app: OpenAPIHono<EdgeContext>): void {
  app.use('/s/:token', pageHeaders);
  app.openapi(route, async (c) => {
    const { token } = c.req.valid('param');
    const { PUBLIC_ORIGIN: origin } = c.get('settings');
    c.header('Vary', 'Accept');
    const wanted = accepts(c, { header: 'Accept', supports: ['text/html', 'application/json'], default: 'text/html' });
    if (wanted === 'application/json') {
      return c.json(await publicShare(c.env, await requireShare(c, token), `${origin}${sharePath(token)}`), 200);
    }
    const shared = await findShare(c.env, token);
    if (typeof shared === 'string') {
      return c.html(missingSharePage(shared), shared === 'unknown' ? 404 : 410);
    }
    const url = `${origin}${sharePath(token)}`;
    return c.html(sharePage({ url, origin, share: await publicShare(c.env, shared, url) }), 200);
  });
}

async function publicShare(env: EdgeContext['Bindings'], shared: SharedConcept, url: string): Promise<PublicShare> {
  const { terms, concept } = shared;
  return {
    object: 'share',
    name: concept.name,
    category: concept.category,
    rights: terms.rights,
    expires_at: terms.expiresAtMs === null ? null : isoTime(terms.expiresAtMs),
    sample_url: (await findSample(env, shared)) ? `${url}/sample` : null,
    model: concept.model,
  };
}
