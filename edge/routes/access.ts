import type { Context, MiddlewareHandler } from 'hono';
import type { ErrorCode } from '../../shared/error-codes.ts';
import type { EdgeContext } from '../context.ts';
import { ApiError } from '../errors.ts';
import { authenticateAdmin, authenticateSignedUrl, authenticateToken } from '../middleware/authenticate.ts';
import { limitByAddress } from '../middleware/limit-by-address.ts';
import type { Principal, Scope } from '../middleware/principal.ts';

/** Who may call an operation. */
export type Access =
  | { readonly by: 'anyone' }
  /** Who holds a share's URL: `:token` in the path. */
  | { readonly by: 'share_url' }
  /** The operator. */
  | { readonly by: 'admin' }
  /** A secret API key, no client token: it manages the account. */
  | { readonly by: 'api_key' }
  | { readonly by: 'token'; readonly scope: Scope }
  /** A token, or a signed URL from one of our answers. */
  | { readonly by: 'token_or_signed_url'; readonly scope: Scope };

async function authorise(
  c: Context<EdgeContext>,
  access: Exclude<Access, { by: 'anyone' | 'share_url' | 'admin' }>,
): Promise<Principal> {
  if (access.by === 'token_or_signed_url' && c.req.query('sig') !== undefined) {
    return authenticateSignedUrl(c);
  }
  const principal = await authenticateToken(c);
  if (access.by === 'api_key') {
    if (principal.kind !== 'api_key') {
      throw new ApiError(
        'insufficient_scope',
        'Expected an API key, got a client token: it cannot manage the account.',
      );
    }
  } else if (!principal.scopes.includes(access.scope)) {
    throw new ApiError(
      'insufficient_scope',
      `Expected the scope ${access.scope}, got ${principal.scopes.join(' ') || 'none'}.`,
    );
  }
  return principal;
}

/** Lets a request through only with the right credentials, and says whose they are. */
export function guard(access: Access): MiddlewareHandler<EdgeContext> {
  return async (c, next) => {
    switch (access.by) {
      case 'anyone':
        break;
      case 'share_url':
        await limitByAddress(c, c.req.param('token') ?? '');
        break;
      case 'admin':
        await authenticateAdmin(c);
        break;
      default:
        c.set('principal', await authorise(c, access));
    }
    await next();
  };
}

export function accessErrors(access: Access): readonly ErrorCode[] {
  switch (access.by) {
    case 'anyone':
      return [];
    case 'share_url':
      return ['not_found', 'gone', 'taken_down', 'rate_limited'];
    case 'admin':
      return ['unauthenticated'];
    case 'api_key':
    case 'token':
      return ['unauthenticated', 'insufficient_scope', 'rate_limited'];
    case 'token_or_signed_url':
      return ['unauthenticated', 'insufficient_scope', 'rate_limited', 'signature_invalid', 'url_expired'];
  }
}

/** The same for the OpenAPI document. */
export function securityRequirements(access: Access): Record<string, string[]>[] {
  switch (access.by) {
    case 'anyone':
    case 'share_url':
      return [];
    case 'admin':
      return [{ adminToken: [] }];
    case 'api_key':
      return [{ apiKey: [] }];
    case 'token':
      return [{ apiKey: [] }, { clientToken: [access.scope] }];
    case 'token_or_signed_url':
      return [{ apiKey: [] }, { clientToken: [access.scope] }, { signedUrl: [] }];
  }
}

export const SECURITY_SCHEMES = {
  apiKey: { type: 'http', scheme: 'bearer', description: 'A secret API key, for servers: `ek_…`.' },
  clientToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A short-lived token with scopes, for one phone or browser, made by `POST /v1/client-tokens`.',
  },
  adminToken: { type: 'http', scheme: 'bearer', description: 'The operator’s token.' },
  signedUrl: {
    type: 'apiKey',
    in: 'query',
    name: 'sig',
    description: 'A URL from an answer, with `exp`, `kid` and `sig`.',
  },
} as const;
