import { ApiError, invalidFields } from '../../errors.ts';

/**
 * What all the checks of a request give, or one error for everything they found: alone it keeps its code, several are
 * one 422 that names every field.
 */
export async function allChecked<T extends readonly unknown[]>(
  checks: {
    readonly [i in keyof T]: Promise<T[i]>;
  },
): Promise<T> {
  const results = await Promise.allSettled(checks);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (errors.length > 0) {
    throw oneErrorFor(errors);
  }
  return Promise.all(checks) as Promise<unknown> as Promise<T>;
}

function oneErrorFor(errors: readonly unknown[]): unknown {
  const unforeseen = errors.find((error) => !(error instanceof ApiError));
  if (unforeseen) {
    return unforeseen;
  }
  const ofFields = errors.filter((error) => error instanceof ApiError && error.errors !== undefined) as ApiError[];
  return ofFields.length > 1
    ? invalidFields(ofFields.flatMap((error) => error.errors ?? []))
    : (ofFields[0] ?? errors[0]);
}
