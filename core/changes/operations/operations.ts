/**
 * Operation types: what an operation may be, what it makes of a document and how it is undone. Those on the entity's
 * document (`state.*`) are undone by restoring the document captured when they were applied; `field.erase` cannot be
 * undone; `executor.invoke` is carried out, and undone, by a registered executor and leaves the document as it is.
 * Pure: applying is the execution's business, which writes what is said here and nothing else.
 */
import * as z from 'zod';
import type { JsonValue } from '../../canonical/index.ts';
import { describeIssues } from '../../errors/index.ts';
import { assertDocument, assertPlain, type Document } from '../model/document.ts';
import { ChangeError } from '../model/errors.ts';
import { executorId, type ExecutorsConfig } from './executor-config.ts';
import { patchDocument, patchSchema } from '../model/json-patch.ts';
import type { Operation } from '../model/steps.ts';

const BUILT_IN = ['state.patch', 'state.put', 'state.delete', 'field.erase', 'executor.invoke'] as const;
/** The executor's name, in the payload of `executor.invoke`; its version is in the operation's `executor`. */
const MAX_NAME = 64;

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
  /** The document afterwards. Pure and deterministic. @throws ChangeError CHANGE_UNFIT */
  readonly plan: (document: Document, payload: JsonValue) => Document;
  /** What is destroyed beside the ledger; absent: nothing. Such operations go with no others in a change-set. */
  readonly erases?: (payload: JsonValue) => Erasure;
  /** Which registered executor carries it out, and how it is undone, instead of `executor` and `reversible`. */
  readonly bind?: (payload: JsonValue) => Binding;
}

/** Who carries an operation out and how it is undone: part of the content hash. */
export type Binding = Pick<Operation, 'executor' | 'inverse'>;

/** Confidential fields of one entry of the entity. */
export type Erasure = z.output<typeof erasureSchema>;

/** All go in one transaction with the step, and a store may take no more than 100 actions in one (DynamoDB). */
const MAX_ERASED_FIELDS = 80;

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
    .max(MAX_ERASED_FIELDS),
  /** why it may or must be erased, such as a request under GDPR article 17 */
  basis: z.string().trim().min(1).max(500),
});

export type OperationTypes = ReadonlyMap<string, OperationType>;

/**
 * The operation types a configuration enables. Without arguments every one, to replay what was recorded: a document never
 * depends on which executors there are.
 */
export function operationTypes(
  config: OperationsConfig = { enabled: [...BUILT_IN] },
  executors: ExecutorsConfig = {},
): OperationTypes {
  const types: Readonly<Record<(typeof BUILT_IN)[number], OperationType>> = {
    'state.patch': statePatch,
    'state.put': statePut,
    'state.delete': stateDelete,
    'field.erase': fieldErase,
    'executor.invoke': executorInvoke(executors),
  };
  return new Map(config.enabled.map((type) => [type, types[type]]));
}

/** The input that a registered executor is given, of an operation that one carries out. */
export function inputOf({ payload }: Pick<Operation, 'payload'>): JsonValue {
  return invocationSchema.parse(payload).input;
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

/** `state.delete`: there is no document afterwards. Its versions go on: the next document is not version 1 again. */
const stateDelete: OperationType = {
  type: 'state.delete',
  executor: 'state.delete@1',
  reversible: true,
  parse: (payload) => {
    const parsed = z.strictObject({}).safeParse(payload);
    if (!parsed.success) throw new ChangeError({ code: 'CHANGE_INVALID', ...describeIssues(parsed.error.issues) });
    return parsed.data;
  },
  plan: (document) => {
    if (document !== null) return null;
    throw new ChangeError({ code: 'CHANGE_UNFIT', message: 'there is no document to delete' });
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

const invocationSchema = z.strictObject({
  executor: z.string().max(MAX_NAME),
  input: z.custom<JsonValue>((value) => value !== undefined, 'is missing: give the executor its input'),
});

/** `executor.invoke`: something outside the ledger. The document stays as it is. */
function executorInvoke(executors: ExecutorsConfig): OperationType {
  return {
    type: 'executor.invoke',
    executor: 'executor.invoke@1',
    reversible: false,
    parse: (payload) => {
      const parsed = invocationSchema.safeParse(payload);
      if (!parsed.success) throw new ChangeError({ code: 'CHANGE_INVALID', ...describeIssues(parsed.error.issues) });
      const { executor, input } = parsed.data;
      assertPlain(input);
      const checked = declaredAs(executors, executor).schema.safeParse(input);
      if (checked.success) return { executor, input };
      const issues = checked.error.issues.map(({ path, message }) => ({ path: ['input', ...path], message }));
      throw new ChangeError({ code: 'CHANGE_INVALID', ...describeIssues(issues) });
    },
    plan: (document) => document,
    bind: (payload) => {
      const { executor: name } = invocationSchema.parse(payload);
      const declared = declaredAs(executors, name);
      return { executor: executorId(name, declared), inverse: declared.reversible ? 'executor-undo' : 'none' };
    },
  };
}

function declaredAs(executors: ExecutorsConfig, name: string): ExecutorsConfig[string] {
  const declared = Object.hasOwn(executors, name) ? executors[name] : undefined;
  if (declared !== undefined) return declared;
  const known = Object.keys(executors).join(', ') || 'none is';
  throw new ChangeError({ code: 'CHANGE_INVALID', message: `no executor "${name}" is declared: ${known}` });
}
