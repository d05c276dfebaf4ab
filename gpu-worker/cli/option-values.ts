import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';

/** Reads an option as a whole number. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `Expected a whole number from ${min} on.`
          : `Expected a whole number from ${min} to ${max}.`,
      );
    return value;
  };
}

/** An option's value as the API's own schema of that field takes it. */
export function fieldOf<Schema extends z.ZodType>(schema: Schema): (text: string) => z.output<Schema> {
  return (text) => {
    const number = Number(text);
    const value = schema.safeParse(text.trim() === '' || Number.isNaN(number) ? text : number);
    if (!value.success) throw new InvalidArgumentError(value.error.issues.map(({ message }) => message).join('; '));
    return value.data;
  };
}
