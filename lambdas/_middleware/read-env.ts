/** The environment of a function, read once at cold start: wrong, the function does not start, and says in one line why. */
import type * as z from 'zod';
import type { Logger } from '@aws-lambda-powertools/logger';

/** @throws Error naming every variable that is missing or wrong, never its value */
export function readEnv<Schema extends z.ZodType>(
  schema: Schema,
  logger: Pick<Logger, 'critical'>,
  source: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  const message = `the function's environment is wrong: ${faults}: deploy it with the stack of this version`;
  logger.critical(message);
  throw new Error(message);
}
