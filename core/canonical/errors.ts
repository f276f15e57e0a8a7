import { NervousError } from '../errors/index.ts';

/**
 * `NOT_I_JSON`: the value or text cannot be represented in the ledger (RFC 7493 and design of entry bytes): change the input.
 * `TOO_DEEP`: nested deeper than MAX_DEPTH: flatten the input.
 */
export type CanonicalErrorCode = 'NOT_I_JSON' | 'TOO_DEEP';

export class CanonicalError extends NervousError<CanonicalErrorCode> {
  constructor(code: CanonicalErrorCode, pointer: string, detail: string) {
    super({ code, message: `${pointer === '' ? 'the value' : pointer}: ${detail}`, problems: [{ pointer, detail }] });
  }
}
