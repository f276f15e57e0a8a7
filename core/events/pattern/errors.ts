/**
 * The one refusal of this area: a pattern that is not in the EventBridge language, or is outside the bounds set here.
 * Matching has no error: an event that cannot be read simply does not match.
 */
import { NervousError } from '../../errors/index.ts';

/** `PATTERN_INVALID`: the pattern is wrong at the named position: correct it there; retrying is useless. */
export type PatternErrorCode = 'PATTERN_INVALID';

export class PatternError extends NervousError<PatternErrorCode> {
  /** `pointer` is an RFC 6901 pointer into the pattern; `detail` gives the reason and the fix. */
  constructor(pointer: string, detail: string) {
    const position = pointer === '' ? 'the pattern' : pointer;
    super({ code: 'PATTERN_INVALID', message: `${position}: ${detail}`, problems: [{ pointer, detail }] });
  }
}

export function refuse(pointer: string, detail: string): never {
  throw new PatternError(pointer, detail);
}

const SHOWN_CHARACTERS = 60;

/** A value as it may stand in a message: one line, short whatever its size. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return Array.isArray(value) ? 'an array' : 'an object';
  return JSON.stringify(value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value);
}
