import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { pageHeaders } from '../../pages/page-headers.ts';
import { playgroundPage } from '../../pages/playground/playground-page.ts';
import { readCurrentModel } from '../../storage/current-model.ts';

export function getPlayground(app: OpenAPIHono<EdgeContext>): void {
  app.get('/', pageHeaders, async (c) => c.html(playgroundPage(await readCurrentModel(c.env.BUCKET, Date.now()))));
}
