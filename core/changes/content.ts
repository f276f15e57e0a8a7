/**
 * What is proposed: reads a proposal from untrusted input, bounds everything in it and gives it the hash that approvals
 * bind to. It does not know the entity's document, the proposer's rights or the risk.
 */
import * as z from 'zod';
import { canonicalize, taggedHash, type JsonValue } from '../canonical/index.ts';
import { describeIssues } from '../errors/index.ts';
import { ENTITY_ID } from '../ledger/index.ts';
import { ChangeError, inPayload } from './errors.ts';
import type { OperationTypes } from './operations.ts';
import type { Operation } from './steps.ts';

const CONTENT_TAG = 'nervous-system.change.content.v1';
/** Canonical bytes of a whole proposal: leaves room in an entry (65,535 bytes) for everything else. */
const MAX_PROPOSAL_BYTES = 49_152;
const MAX_OPERATIONS = 20;
const MAX_EVIDENCE = 20;

/** Shown to people who decide: no control characters, nothing that reorders the text around it. */
const PLAIN_LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/;
const PLAIN_TEXT = /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$/;
export const line = (max: number): z.ZodString =>
  z.string().trim().min(1).max(max).regex(PLAIN_LINE, 'must be one line without control characters');
export const plainText = (max: number): z.ZodString =>
  z.string().trim().min(1).max(max).regex(PLAIN_TEXT, 'must be text without control characters');

export const evidenceSchema = z.strictObject({
  url: line(500),
  /** SHA-256 of what the link showed, hex */
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
  title: line(200).exactOptional(),
});

const revisionFields = {
  title: line(200),
  rationale: plainText(4000),
  evidence: z.array(evidenceSchema).max(MAX_EVIDENCE).default([]),
  operations: z
    .array(
      z.strictObject({
        type: z.string().min(1).max(64),
        payload: z.custom<JsonValue>((value) => value !== undefined, 'is missing: give the operation its payload'),
        /** version of the entity's document the operation is meant for; 0 = the document must not exist */
        baseVersion: z.int().min(0).exactOptional(),
      }),
    )
    .min(1)
    .max(MAX_OPERATIONS),
  /** when it expires if it is not executing by then; default and latest: what the risk configuration allows */
  deadline: z.iso.datetime().exactOptional(),
};

export const revisionInputSchema = z.strictObject(revisionFields);
export const proposalInputSchema = z.strictObject({
  entityId: z.string().regex(ENTITY_ID, 'must be 1-128 of A-Z a-z 0-9 . _ : / - starting with a letter or digit'),
  ...revisionFields,
  /** the rejected, cancelled or expired change-set on this entity that this one follows */
  supersedes: z.string().min(1).max(64).exactOptional(),
});
export type ProposalInput = z.input<typeof proposalInputSchema>;
export type RevisionInput = z.input<typeof revisionInputSchema>;
export type ParsedRevision = Omit<z.output<typeof revisionInputSchema>, 'operations'> & {
  readonly operations: Operation[];
};

export interface ParsedProposal extends ParsedRevision {
  readonly entityId: string;
  readonly supersedes?: string;
}

/** @throws ChangeError CHANGE_INVALID; CanonicalError */
export function parseProposal(input: unknown, types: OperationTypes): ParsedProposal {
  const parsed = parseInput(proposalInputSchema, input);
  return { ...parsed, operations: resolveOperations(parsed.operations, types) };
}

/** @throws ChangeError CHANGE_INVALID; CanonicalError */
export function parseRevision(input: unknown, types: OperationTypes): ParsedRevision {
  const parsed = parseInput(revisionInputSchema, input);
  return { ...parsed, operations: resolveOperations(parsed.operations, types) };
}

/** Reads untrusted input by a schema, from a private copy. @throws ChangeError CHANGE_INVALID; CanonicalError */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  // Canonical first: bounds depth and refuses what is not JSON before a recursive schema sees it.
  const canonical = canonicalize(input, { integersOnly: true });
  const bytes = Buffer.byteLength(canonical);
  if (bytes > MAX_PROPOSAL_BYTES) {
    throw new ChangeError({
      code: 'CHANGE_INVALID',
      message: `the input has ${bytes} bytes, at most ${MAX_PROPOSAL_BYTES} are allowed: split it`,
    });
  }
  const parsed = schema.safeParse(JSON.parse(canonical));
  if (!parsed.success) throw new ChangeError({ code: 'CHANGE_INVALID', ...describeIssues(parsed.error.issues) });
  return parsed.data;
}

/** What an approval binds to: everything that will be carried out, and on what. */
export function contentHash(entityId: string, operations: readonly Operation[]): string {
  const content = {
    targets: [entityId],
    operations: operations.map(({ type, payload, baseVersion, executor, inverse }) => ({
      type,
      payload,
      precondition: baseVersion === undefined ? null : { baseVersion },
      inverse,
      executor,
    })),
  };
  return taggedHash(CONTENT_TAG, canonicalize(content, { integersOnly: true }));
}

type OperationInput = z.output<typeof revisionInputSchema>['operations'][number];

function resolveOperations(inputs: readonly OperationInput[], types: OperationTypes): Operation[] {
  const erasing = inputs.filter(({ type }) => types.get(type)?.erases !== undefined);
  if (erasing.length > 0 && erasing.length < inputs.length)
    throw invalid(
      ['operations'],
      'erasing cannot be undone, so it goes with no other operations: propose two change-sets',
    );
  return inputs.map(({ type, payload, baseVersion }, i) => {
    const known = types.get(type);
    if (known === undefined) {
      throw invalid(['operations', i, 'type'], `"${type}" is not enabled: use ${[...types.keys()].join(' or ')}`);
    }
    const parsed = inPayload(i, () => known.parse(payload));
    return {
      ...{ type, payload: parsed },
      ...(baseVersion === undefined ? {} : { baseVersion }),
      ...(known.bind?.(parsed) ?? {
        executor: known.executor,
        inverse: known.reversible ? 'restore-before-image' : 'none',
      }),
    };
  });
}

function invalid(path: readonly (string | number)[], detail: string): ChangeError {
  return new ChangeError({ code: 'CHANGE_INVALID', ...describeIssues([{ path, message: detail }]) });
}
