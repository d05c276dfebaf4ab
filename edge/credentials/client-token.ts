import { sign, verify } from 'hono/jwt';
import { z } from 'zod';
import { accountIdSchema, conceptIdSchema, keyIdSchema } from '../../shared/ids.ts';
import { scopeSchema } from '../middleware/principal.ts';

const ISSUER = 'elite-edge';
const ALGORITHM = 'HS256';

/** What a client token says; `sub` is the API key that made it and that it dies with. */
const claimsSchema = z.object({
  iss: z.literal(ISSUER),
  sub: keyIdSchema,
  account: accountIdSchema,
  scopes: z.array(scopeSchema),
  end_user: z.string().nullable(),
  concepts: z.array(conceptIdSchema).nullable(),
  iat: z.int(),
  exp: z.int(),
});

export type ClientTokenClaims = z.infer<typeof claimsSchema>;

export async function signClientToken(claims: Omit<ClientTokenClaims, 'iss'>, secret: string): Promise<string> {
  return sign({ ...claims, iss: ISSUER }, secret, ALGORITHM);
}

/** The claims of a token that we signed and that has not expired, else null. */
export async function readClientToken(token: string, secret: string): Promise<ClientTokenClaims | null> {
  try {
    return claimsSchema.parse(await verify(token, secret, { alg: ALGORITHM, iss: ISSUER }));
  } catch {
    return null;
  }
}
