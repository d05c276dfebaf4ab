import { createApp } from '../../edge/app.ts';
import type { Scope } from '../../edge/middleware/principal.ts';

/** An operation of the API, as the OpenAPI document declares it. */
export type Operation = {
  readonly method: string;
  readonly path: string;
  readonly security: readonly Readonly<Record<string, string[]>>[];
};

export function declaredOperations(): Operation[] {
  const { paths = {} } = createApp().getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } });
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({ method: method.toUpperCase(), path, security })),
  );
}

export function nameOf({ method, path }: Operation): string {
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
