/** For a value that is there unless the program is wrong: the fault is named where it shows, and nobody goes on with an invented value. */
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
