import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { openApiDocument } from '../../openapi/openapi-document.ts';

export function getOpenApi(app: OpenAPIHono<EdgeContext>): void {
  app.get('/openapi.json', (c) => c.json(openApiDocument(app, c.get('settings').PUBLIC_ORIGIN)));
}
