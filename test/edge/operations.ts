import { createApp } from '../../edge/app.ts';
import type { Scope } from '../../edge/middleware/principal.ts';

export type Route = { readonly method: string; readonly path: string };

/** An operation of the API, as the OpenAPI document declares it. */
export type Operation = Route & {
  readonly security: readonly Readonly<Record<string, string[]>>[];
  /** The names of what its bodies may have, of whatever media type. */
  readonly fields: readonly string[];
};

type Schema = { readonly $ref?: string; readonly properties?: object };
type Body = { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };

export function declaredOperations(): Operation[] {
  const document = createApp().getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } });
  const schemas: Readonly<Record<string, Schema>> = (document.components?.schemas ?? {}) as never;
  const fieldsOf = (schema: Schema) =>
    Object.keys((schema.$ref ? schemas[schema.$ref.split('/').at(-1)!] : schema)?.properties ?? {});
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, requestBody }]) => {
      const content = Object.values((requestBody as Body | undefined)?.content ?? {});
      const fields = new Set(content.flatMap(({ schema }) => fieldsOf(schema)));
      return { method: method.toUpperCase(), path, security, fields: [...fields] };
    }),
  );
}

/** Every route of the app, whether the document has it or not. */
export function appRoutes(): Route[] {
  const routes = createApp()
    .routes.filter(({ method }) => method !== 'ALL') // middleware
    .map(({ method, path }) => ({ method, path: path.replaceAll(/:(\w+)/g, '{$1}') }));
  return [...new Map(routes.map((route) => [nameOf(route), route])).values()];
}

export function nameOf({ method, path }: Route): string {
  return `${method} ${path}`;
}

/** The scope a client token needs, if a client token will do. */
export function scopeOf({ security }: Operation): Scope | undefined {
  return security.flatMap(({ clientToken }) => clientToken ?? [])[0] as Scope | undefined;
}

export function allows({ security }: Operation, scheme: string): boolean {
  return security.some((requirement) => scheme in requirement);
}

/** What a request needs to get past validation, where it needs anything. */
export const BODIES: Readonly<Record<string, unknown>> = {
  'POST /v1/concepts/{id}/shares': {},
  'PATCH /v1/concepts/{id}': {},
};
