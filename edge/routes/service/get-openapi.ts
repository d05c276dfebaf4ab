import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { SECURITY_SCHEMES } from '../access.ts';

export function getOpenApi(app: OpenAPIHono<EdgeContext>): void {
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    app.openAPIRegistry.registerComponent('securitySchemes', name, scheme);
  }
  app.doc31('/openapi.json', (c) => ({
    openapi: '3.1.0',
    info: {
      title: 'elite-edge',
      version: '1',
      description: 'One photo becomes a concept; the concept stands in any prompt as `S*`.',
    },
    servers: [{ url: c.get('settings').PUBLIC_ORIGIN }],
  }));
}
