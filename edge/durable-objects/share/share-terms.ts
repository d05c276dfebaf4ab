import type { ShareRights } from '../../../shared/share.ts';

/** What a share grants, and to what. Times are milliseconds since the epoch. */
export type ShareTerms = {
  readonly id: string;
  readonly accountId: string;
  readonly conceptId: string;
  readonly rights: ShareRights;
  readonly expiresAtMs: number | null;
  readonly maxUses: number | null;
  readonly createdAtMs: number;
};

/** By its owner, or by the operator. */
export type ShareEnd = 'revoked' | 'taken_down';

export type ShareStanding =
  | { readonly standing: 'alive'; readonly terms: ShareTerms; readonly uses: number }
  | { readonly standing: 'unknown' | 'expired' | ShareEnd };

/** `counted`: the use is or was. Otherwise nothing was counted, for this reason. */
export type UseVerdict = 'counted' | 'used_up' | 'unknown' | 'expired' | ShareEnd;

export function hasExpired({ expiresAtMs }: ShareTerms, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}
