import type { z } from 'zod';

/** The fields of an object that are right by themselves, whatever the others are; what may be left out is then there too. */
export function soundFields<S extends z.ZodRawShape>(
  { shape }: z.ZodObject<S>,
  value: unknown,
): Partial<z.output<z.ZodObject<S>>> {
  const fields = Object(value) as Readonly<Record<string, unknown>>;
  const sound = Object.entries<z.ZodType>(shape as never).flatMap(([name, schema]) => {
    const result = schema.safeParse(fields[name]);
    return result.success ? [[name, result.data]] : [];
  });
  return Object.fromEntries(sound);
}
