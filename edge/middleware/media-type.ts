import type { HonoRequest } from 'hono';

/** Of what kind a request's body says it is, without parameters: the boundary of a form may well read `json`. */
export function mediaTypeOf(request: HonoRequest): string {
  return (request.header('Content-Type') ?? '').split(';')[0]!.trim().toLowerCase();
}
