import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { EdgeContext } from '../../context.ts';
import { EXAMPLE_SHARE_TOKEN } from '../../credentials/share-token.ts';

/** The path of everything behind a share's URL. */
export const sharedParamsSchema = z.object({ token: z.string().meta({ examples: [EXAMPLE_SHARE_TOKEN] }) });

/** The URL is a secret that must not travel on, and what is behind it may be revoked at any time. */
export function setSecretUrlHeaders(c: Context<EdgeContext>): void {
  c.header('Referrer-Policy', 'no-referrer');
  c.header('X-Robots-Tag', 'noindex, nofollow');
  c.header('Cache-Control', 'private, no-store');
}
