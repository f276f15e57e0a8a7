/**
 * Asserts a value that is missing only when the program is wrong. The fault is named where it shows, and no code continues
 * with an invented value.
 */
import { NervousError } from './nervous-error.ts';

/** `INTERNAL`: the program contradicts itself; the message says what was missing. Report it. */
export class InternalError extends NervousError<'INTERNAL'> {}

/**
 * @param what is missing, should it be: a constant text, so that asking costs nothing
 * @throws InternalError
 */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null)
    throw new InternalError({ code: 'INTERNAL', message: `${what} is missing: report it` });
  return value;
}
