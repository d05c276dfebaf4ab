import type { Context } from 'hono';
import type { z } from 'zod';
import type { EdgeContext } from '../../context.ts';
import { ApiError, fromZodError } from '../../errors.ts';
import { allChecked } from './all-checked.ts';

type Validated = { readonly target: string } & (
  | { readonly success: true }
  | { readonly success: false; readonly error: Pick<z.core.$ZodError, 'issues'> }
);

export function nothingAt({ req }: Context<EdgeContext>): ApiError {
  return new ApiError('not_found', `There is nothing at ${req.method} ${req.path}.`);
}

/** Throws for a part of a request that has not its shape. A path of the wrong shape leads nowhere. */
export function refuseInvalid(result: Validated, c: Context<EdgeContext>): void {
  if (!result.success) {
    throw result.target === 'param' ? nothingAt(c) : fromZodError(result.error);
  }
}

/**
 * The same for a route that judges more of a body than its shape: `checks` are those that can be made of the parts
 * that are right by themselves, so that one answer names everything that is wrong.
 */
export function refuseInvalidBody(checks: (c: Context<EdgeContext>, body: unknown) => Promise<unknown>) {
  return (result: Validated, c: Context<EdgeContext>): Promise<never> | undefined => {
    if (!result.success && (result.target === 'json' || result.target === 'form')) {
      const { data: body } = result as { data?: unknown }; // as it came, though the type does not tell
      const shape = Promise.reject<never>(fromZodError(result.error));
      return allChecked([shape, checks(c, body)]).then(([never]) => never);
    }
    refuseInvalid(result, c);
    return undefined;
  };
}
