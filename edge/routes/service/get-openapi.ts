import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';

export function getOpenApi(app: OpenAPIHono<EdgeContext>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key.',
  });
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
