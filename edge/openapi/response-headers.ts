const text = { type: 'string' } as const;

/** Headers that answers of many operations carry, for the document's components. */
export const RESPONSE_HEADERS = {
  'X-Request-Id': { description: 'Names this request in our logs.', schema: text },
  'RateLimit-Policy': { description: 'Your limits: quota and window in seconds (IETF draft).', schema: text },
  RateLimit: { description: 'What is left of them, and the seconds until they are full again.', schema: text },
  'Retry-After': { description: 'Seconds to wait before another try.', schema: { type: 'integer' } },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: text },
} as const;

type HeaderName = keyof typeof RESPONSE_HEADERS;

function namesFor(status: string, isLimited: boolean): HeaderName[] {
  const always: HeaderName[] = ['X-Request-Id'];
  switch (status) {
    case '401':
      return [...always, 'WWW-Authenticate'];
    case '429':
      return [...always, 'RateLimit-Policy', 'RateLimit', 'Retry-After'];
    case '503':
      return [...always, 'Retry-After'];
    default:
      return isLimited && Number(status) < 300 ? [...always, 'RateLimit-Policy', 'RateLimit'] : always;
  }
}

/** References to the headers of an answer with this status. `isLimited`: the operation counts its callers' requests. */
export function responseHeaders(status: string, isLimited: boolean): Record<string, { readonly $ref: string }> {
  return Object.fromEntries(
    namesFor(status, isLimited).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
}
