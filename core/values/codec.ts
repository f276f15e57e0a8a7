/**
 * How one kind of stored item is written and read back. What comes from a store is untrusted: it is of the form it was written
 * in, or an error says which item, which field and what was found there.
 */
import type * as z from 'zod';
import type { JsonValue } from '../canonical/index.ts';
import { describeIssues, NervousError } from '../errors/index.ts';

/** An item as a store hands it out. */
export interface StoredValue {
  readonly pk: string;
  readonly sk: string;
  readonly value: unknown;
}

export interface Codec<T> {
  /** in words: "dead letter" */
  readonly kind: string;
  readonly encode: (value: T) => JsonValue;
  /** @throws UnreadableError */
  readonly decode: (item: StoredValue) => T;
}

/** `ENTRY_UNREADABLE`: a stored item is not of the form it was written in: verify the ledger, restore it from a backup. */
export class UnreadableError extends NervousError<'ENTRY_UNREADABLE'> {}

/** What is stored cannot be read, as core says it, or a store in its own words. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && UNREADABLE.has(error.code);
}

const UNREADABLE: ReadonlySet<unknown> = new Set(['ENTRY_UNREADABLE', 'DATA_UNREADABLE']);

/** For what is JSON as it is: the value is checked where it stands and handed on; what the schema would make of it is not. */
export function codecOf<T>(kind: string, schema: z.ZodType<T>): Codec<T> {
  return {
    kind,
    encode: (value) => value as JsonValue,
    decode: ({ pk, sk, value }) => {
      const parsed = schema.safeParse(value);
      if (parsed.success) return value as T;
      const { message, problems } = describeIssues(parsed.error.issues);
      throw new UnreadableError({
        code: 'ENTRY_UNREADABLE',
        message: `the ${kind} "${pk}" / "${sk}" is damaged (${message}): verify the ledger, restore it`,
        problems,
      });
    },
  };
}
