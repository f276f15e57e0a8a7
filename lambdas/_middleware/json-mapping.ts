/** A variable of the environment that is a JSON object of texts: what an app that deploys knows, and the configuration does not. */
import * as z from 'zod';

/** @param says what it must be, for who reads why the function does not start */
export function jsonMapping(says: string): z.ZodType<Record<string, string>, string> {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: says });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), z.string().min(1), { error: says }));
}
