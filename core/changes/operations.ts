/**
 * Operation types: what an operation may be, what it makes of a document and how it is undone. Two of those built in act on
 * the entity's document are undone by restoring the document captured when they were applied; the third erases confidential
 * fields and cannot be undone. Pure: applying is the execution's business, which writes what is said here and nothing else.
 */
import * as z from 'zod';
import type { JsonValue } from '../canonical/index.ts';
import { describeIssues } from '../errors/index.ts';
import { assertDocument, assertPlain, type Document } from './document.ts';
import { ChangeError } from './errors.ts';
import { patchDocument, patchSchema } from './json-patch.ts';

const BUILT_IN = ['state.patch', 'state.put', 'field.erase'] as const;

/** The `operations` section of nervous.config.ts. */
export const operationsSchema = z.strictObject({
  /** which operation types may be proposed */
  enabled: z.array(z.enum(BUILT_IN)).default([...BUILT_IN]),
});
export type OperationsConfig = z.output<typeof operationsSchema>;

export interface OperationType {
  readonly type: string;
  /** name and version of the code that carries it out; part of the content hash */
  readonly executor: string;
  readonly reversible: boolean;
  /** @throws ChangeError CHANGE_INVALID; CanonicalError */
  readonly parse: (payload: unknown) => JsonValue;
  /** The document afterwards. Pure and deterministic. @throws ChangeError CHANGE_INVALID when it does not fit */
  readonly plan: (document: Document, payload: JsonValue) => Document;
  /** What is destroyed beside the ledger; absent: nothing. Such operations go with no others in a change-set. */
  readonly erases?: (payload: JsonValue) => Erasure;
}

/** Confidential fields of one entry of the entity. */
export type Erasure = z.output<typeof erasureSchema>;

const erasureSchema = z.strictObject({
  /** the entry's place on the entity's chain */
  seq: z.int().min(0),
  /** JSON pointers as the entry's commitments name them, such as /payload/name */
  fields: z
    .array(
      z
        .string()
        .max(500)
        .regex(/^(\/[^/]*)+$/, 'must be a JSON pointer'),
    )
    .min(1)
    .max(100),
  /** why it may or must be erased, such as a request under GDPR article 17 */
  basis: z.string().trim().min(1).max(500),
});

export type OperationTypes = ReadonlyMap<string, OperationType>;

/** The operation types a configuration enables. */
export function operationTypes(config: OperationsConfig = { enabled: [...BUILT_IN] }): OperationTypes {
  return new Map(config.enabled.map((type) => [type, builtIn[type]]));
}

/** `state.patch`: a JSON Patch (RFC 6902) on the document, with `test` steps as preconditions. */
const statePatch: OperationType = {
  type: 'state.patch',
  executor: 'state.patch@1',
  reversible: true,
  parse: (payload) => {
    const parsed = patchSchema.safeParse(payload);
    if (!parsed.success) throw new ChangeError({ code: 'CHANGE_INVALID', ...describeIssues(parsed.error.issues) });
    assertPlain(parsed.data);
    return parsed.data;
  },
  plan: (document, payload) => patchDocument(document, patchSchema.parse(payload)),
};

/** `state.put`: the whole document. */
const statePut: OperationType = {
  type: 'state.put',
  executor: 'state.put@1',
  reversible: true,
  parse: (payload) => {
    assertDocument(payload);
    return payload;
  },
  plan: (_document, payload) => {
    assertDocument(payload);
    return payload;
  },
};

/** `field.erase`: destroys what confidential fields of an entry held. The document stays as it is. */
const fieldErase: OperationType = {
  type: 'field.erase',
  executor: 'field.erase@1',
  reversible: false,
  parse: (payload) => parseErasure(payload),
  plan: (document) => document,
  erases: (payload) => parseErasure(payload),
};

function parseErasure(payload: unknown): Erasure {
  const parsed = erasureSchema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new ChangeError({ code: 'CHANGE_INVALID', ...describeIssues(parsed.error.issues) });
}

const builtIn: Readonly<Record<(typeof BUILT_IN)[number], OperationType>> = {
  'state.patch': statePatch,
  'state.put': statePut,
  'field.erase': fieldErase,
};
