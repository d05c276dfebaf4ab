import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createApp } from '../../app.ts';
import { openApiDocument } from '../../openapi/openapi-document.ts';
import { generateSnippets } from './generate-snippets.ts';
import { generateTypes } from './generate-types.ts';

const ORIGIN = 'https://elite.example.com';

const file = (name: string) => new URL(`../${name}`, import.meta.url);

/** What of the client comes from the API's routes, by file. */
async function generatedFiles(): Promise<readonly (readonly [URL, string])[]> {
  const document = openApiDocument(createApp(), ORIGIN);
  const readme = await readFile(file('README.md'), 'utf8');
  const example = await readFile(file('example.ts'), 'utf8');
  return [
    [file('openapi.ts'), await generateTypes(document)],
    [file('README.md'), generateSnippets(readme, { document, example })],
  ];
}

/** Writes the generated files, or with --check fails when one is not as it would be written. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  for (const [url, text] of await generatedFiles()) {
    if (!values.check) {
      await writeFile(url, text);
    } else if ((await readFile(url, 'utf8').catch(() => '')) !== text) {
      throw new Error(`${url.pathname} does not agree with the routes in edge/: run npm run generate`);
    }
  }
}

await main();
