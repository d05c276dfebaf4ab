import { z } from 'zod';

export const SCOPES = [
  'concepts:read',
  'concepts:write',
  'generations:read',
  'generations:write',
  'shares:write',
] as const;

export const scopeSchema = z.enum(SCOPES);
export type Scope = z.infer<typeof scopeSchema>;

/** Who is asking, and what they may do. */
export type Principal = {
  readonly accountId: string;
  /** The API key, or the one that made the client token. */
  readonly keyId: string | null;
  readonly kind: 'api_key' | 'client_token' | 'signed_url';
  readonly scopes: readonly Scope[];
  /** When its client token expires; null for what has no such time. */
  readonly expiresAtMs: number | null;
  /** Whom the caller's own service knows behind a client token. */
  readonly endUser: string | null;
  /** The only concepts the caller may see, or null for all of the account's. */
  readonly concepts: readonly string[] | null;
};

export function mayUseConcept(principal: Principal, conceptId: string): boolean {
  return principal.concepts?.includes(conceptId) ?? true;
}
