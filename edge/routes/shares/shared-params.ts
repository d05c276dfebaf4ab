import { z } from '@hono/zod-openapi';
import { EXAMPLE_SHARE_TOKEN } from '../../credentials/share-token.ts';

/** The path of everything behind a share's URL. */
export const sharedParamsSchema = z.object({ token: z.string().meta({ examples: [EXAMPLE_SHARE_TOKEN] }) });
