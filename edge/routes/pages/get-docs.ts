import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { errorsPage } from '../../pages/docs/errors-page.ts';
import { referencePage } from '../../pages/docs/reference-page.ts';
import { pageHeaders, referenceHeaders } from '../../pages/page-headers.ts';

export function getDocs(app: OpenAPIHono<EdgeContext>): void {
  app.get('/docs', referenceHeaders, (c) => c.html(referencePage()));
  app.get('/docs/errors', pageHeaders, (c) => c.html(errorsPage()));
}
