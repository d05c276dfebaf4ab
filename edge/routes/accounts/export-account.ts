import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { stream } from 'hono/streaming';
import type { EdgeContext } from '../../context.ts';
import type { ListQuery, Page } from '../../durable-objects/record-table.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { conceptObject } from '../concepts/concept-object.ts';
import { generationObject } from '../generations/generation-object.ts';
import { objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { countedShareObject } from '../shares/share-object.ts';
import { keyObject } from './key-object.ts';
import { usageObject } from './usage-object.ts';

const PAGE_SIZE = 100;

const NDJSON: string = 'application/x-ndjson'; // as a literal it would be taken for JSON

const route = operation(
  { access: { by: 'api_key' } },
  {
    method: 'get',
    path: '/v1/account/export',
    operationId: 'exportAccount',
    tags: ['Accounts'],
    summary: 'Everything the account has, an object a line, with URLs of the files that work for a day',
    responses: {
      200: {
        description:
          'Each says by `object` what it is: `api_key` (without its secret), `concept`, `share` (without its URL), `generation`, `usage` (a month’s counts).',
        content: { [NDJSON]: { schema: z.string() } },
      },
    },
  },
);

/** Every record of a kind, page by page: an account may have more than fits into memory. */
async function* all<T extends { readonly id: string }>(
  list: (query: ListQuery) => Promise<Page<T>>,
): AsyncGenerator<T> {
  let before: string | null = null;
  for (let hasMore = true; hasMore; ) {
    const page: Page<T> = await list({ limit: PAGE_SIZE, before, status: null });
    yield* page.records;
    hasMore = page.hasMore;
    before = page.records.at(-1)?.id ?? null;
  }
}

async function* everything(c: Context<EdgeContext>): AsyncGenerator<object> {
  const account = accountOf(c.env, c.get('principal').accountId);
  for await (const record of all((query) => account.listKeys(query))) {
    yield keyObject(record);
  }
  for await (const record of all((query) => account.listConcepts(query, null))) {
    yield conceptObject(record, objectUrls(c));
  }
  for await (const record of all((query) => account.listShares(null, query))) {
    yield countedShareObject(c.env, record);
  }
  for await (const record of all((query) => account.listGenerations(query, null))) {
    yield generationObject(c, record);
  }
  for (const period of await account.usagePeriods()) {
    yield { object: 'usage', ...usageObject(period, await account.usage(period)) };
  }
}

export function exportAccount(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    c.header('Content-Type', NDJSON);
    c.header('Content-Disposition', 'attachment; filename="account.ndjson"');
    return stream(c, async (output) => {
      for await (const object of everything(c)) {
        await output.writeln(JSON.stringify(object));
      }
    });
  });
}
