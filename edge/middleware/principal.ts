export const SCOPES = [
  'concepts:read',
  'concepts:write',
  'generations:read',
  'generations:write',
  'shares:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who is asking, and what they may do. */
export type Principal = {
  readonly accountId: string;
  /** Null for the bearer of a signed URL. */
  readonly keyId: string | null;
};
