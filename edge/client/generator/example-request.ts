import type { OpenApiDocument } from '../../openapi/openapi-document.ts';

/** One call as httpsnippet takes it: a request of the HTTP Archive format. */
export type ExampleRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly name: string; readonly value: string }[];
  readonly postData?: { readonly mimeType: string; readonly text: string };
};

type Example = { readonly value: unknown };
type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: { readonly examples?: readonly unknown[] };
};
type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly examples?: Record<string, Example> }>>;
  };
};

const JSON_TYPE = 'application/json';

function findOperation({ paths = {} }: OpenApiDocument, operationId: string) {
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if ((operation as Operation).operationId === operationId) {
        return { path, method: method.toUpperCase(), operation: operation as Operation };
      }
    }
  }
  throw new Error(`expected an operation ${operationId}, the document has none`);
}

/** The call that an operation's own examples describe. */
export function exampleRequest(document: OpenApiDocument, operationId: string): ExampleRequest {
  const { path, method, operation } = findOperation(document, operationId);
  const url = new URL(path, document.servers?.[0]?.url);
  const headers = [{ name: 'Authorization', value: 'Bearer YOUR_TOKEN' }];
  for (const parameter of operation.parameters ?? []) {
    const value = parameter.schema.examples?.[0];
    if (parameter.in === 'path') {
      url.pathname = decodeURI(url.pathname).replace(`{${parameter.name}}`, String(value));
    } else if (parameter.in === 'query' && parameter.required) {
      url.searchParams.set(parameter.name, String(value));
    }
  }
  const [example] = Object.values(operation.requestBody?.content[JSON_TYPE]?.examples ?? {});
  if (!example) {
    return { method, url: url.href, headers };
  }
  headers.push({ name: 'Content-Type', value: JSON_TYPE });
  return { method, url: url.href, headers, postData: { mimeType: JSON_TYPE, text: JSON.stringify(example.value) } };
}
