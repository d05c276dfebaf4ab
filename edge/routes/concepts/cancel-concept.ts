import type { OpenAPIHono } from '@hono/zod-openapi';
import { conceptSchema } from '../../../shared/concept.ts';
import type { EdgeContext } from '../../context.ts';
import { conceptWithJob } from '../../durable-objects/account/records.ts';
import { jobOf } from '../../durable-objects/stubs.ts';
import { objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { conceptObject } from './concept-object.ts';
import { conceptParamsSchema } from './get-concept.ts';
import { requireConcept } from './read-concept.ts';

const route = operation(
  { access: { by: 'token', scope: 'concepts:write' }, errors: ['not_found'] },
  {
    method: 'post',
    path: '/v1/concepts/{id}/cancel',
    operationId: 'cancelConcept',
    tags: ['Concepts'],
    summary: 'Stop encoding; a concept that has ended stays as it is',
    request: { params: conceptParamsSchema },
    responses: { 200: { description: 'The concept.', content: { 'application/json': { schema: conceptSchema } } } },
  },
);

export function cancelConcept(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const record = await requireConcept(c, c.req.valid('param').id);
    const view = record.endedAtMs === null ? await jobOf(c.env, record.id).cancel() : null;
    return c.json(await conceptObject(view ? conceptWithJob(record, view.state) : record, objectUrls(c)), 200);
  });
}
