/**
 * What is proposed: reads a proposal from untrusted input, bounds everything in it and gives it the hash that approvals
 * bind to. It does not know the entity's document, the proposer's rights or the risk.
 */
import * as z from 'zod';
import type { EntityId } from '../../brands/index.ts';
import { canonicalize, hiddenProblem, type JsonValue, type Layout } from '../../canonical/index.ts';
import { describeIssues } from '../../errors/index.ts';
import { ENTITY_ID } from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import { workRefSchema } from '../../work/index.ts';
import { ChangeError, inPayload } from '../model/errors.ts';
import { isRefused, orRefusal, refused, type Refusal } from '../model/refusal.ts';
import type { OperationTypes } from './operations.ts';
import type { Operation } from '../model/steps.ts';

/** Canonical bytes of a whole proposal: leaves room in an entry (65,535 bytes) for everything else. */
const MAX_PROPOSAL_BYTES = 49_152;
const MAX_OPERATIONS = 20;
/** Of the pointer to one step of a patch: `operations`, index, `payload`, index. */
const STEP_DEPTH = 4;
const MAX_EVIDENCE = 20;

/**
 * Shown to people who decide. The patterns say for API documents what a pattern can say everywhere; `hiddenProblem` has the
 * last word.
 */
const PLAIN_LINE =
  /^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]*$/;
const PLAIN_TEXT =
  /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]*$/;
const shown = (max: number, layout: Layout): z.ZodString =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(layout === 'line' ? PLAIN_LINE : PLAIN_TEXT, {
      error: ({ input }) => hiddenProblem(String(input), layout) ?? 'has a character that people would not see',
      abort: true,
    })
    .superRefine((text, context) => {
      const message = hiddenProblem(text, layout);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
export const line = (max: number): z.ZodString => shown(max, 'line');
export const plainText = (max: number): z.ZodString => shown(max, 'text');

/** Whoever decides may click on it: https without credentials, or the name of a file that the CLI has hashed. */
const EVIDENCE_URL = /^(?:https:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?(?:[/?#]\S*)?|file:[A-Za-z0-9%._~!*'()-]+)$/;

export const evidenceSchema = z.strictObject({
  url: line(500)
    .regex(
      EVIDENCE_URL,
      'must be an https address without user name and password, such as https://bank.example/case/77',
    )
    .refine((url) => URL.canParse(url), 'is not an address'),
  /** SHA-256 of what the link showed, hex */
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex')
    .brand<'EvidenceHash'>(),
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
  deadline: z.iso.datetime().brand<'IsoInstant'>().exactOptional(),
  /** the proposer's own claim; it is recorded only if this stands */
  work: workRefSchema.exactOptional(),
};

export const revisionInputSchema = z.strictObject(revisionFields);
export const proposalInputSchema = z.strictObject({
  entityId: z
    .string()
    .regex(ENTITY_ID, 'must be 1-128 of A-Z a-z 0-9 . _ : / - starting with a letter or digit')
    .brand<'EntityId'>(),
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
  readonly entityId: EntityId;
  readonly supersedes?: string;
}

/** @throws CanonicalError */
export function parseProposal(input: unknown, types: OperationTypes): ParsedProposal | Refusal {
  const parsed = parseInput(proposalInputSchema, input);
  if (isRefused(parsed)) return parsed;
  const operations = orRefusal(() => resolveOperations(parsed.operations, types));
  return isRefused(operations) ? operations : { ...parsed, operations };
}

/** @throws CanonicalError */
export function parseRevision(input: unknown, types: OperationTypes): ParsedRevision | Refusal {
  const parsed = parseInput(revisionInputSchema, input);
  if (isRefused(parsed)) return parsed;
  const operations = orRefusal(() => resolveOperations(parsed.operations, types));
  return isRefused(operations) ? operations : { ...parsed, operations };
}

/** Reads untrusted input by a schema, from a private copy. Refused: CHANGE_INVALID. @throws CanonicalError */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> | Refusal {
  // Canonical first: bounds depth and refuses what is not JSON before a recursive schema sees it.
  const canonical = canonicalize(input, { integersOnly: true });
  const bytes = Buffer.byteLength(canonical);
  if (bytes > MAX_PROPOSAL_BYTES)
    return refused(
      'CHANGE_INVALID',
      `the input has ${bytes} bytes, at most ${MAX_PROPOSAL_BYTES} are allowed: split it`,
    );
  const parsed = schema.safeParse(JSON.parse(canonical));
  return parsed.success
    ? parsed.data
    : { kind: 'refused', code: 'CHANGE_INVALID', ...describeIssues(parsed.error.issues) };
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
    assertReadable(type, parsed, i);
    return {
      ...{ type, payload: parsed },
      ...defined({ baseVersion }),
      ...(known.bind?.(parsed) ?? {
        executor: known.executor,
        inverse: known.reversible ? 'restore-before-image' : 'none',
      }),
    };
  });
}

/** Fields of payloads that name places or tell people why; values may be anything, and are shown escaped. */
const READ: ReadonlySet<string> = new Set(['path', 'from', 'fields', 'basis']);

/** Keys of documents and inputs, and pointers into them. @throws ChangeError CHANGE_INVALID */
function assertReadable(type: string, payload: JsonValue, index: number): void {
  const isOwn = type === 'state.patch' || type === 'field.erase';
  const visit = (value: JsonValue, path: readonly (string | number)[], isRead: boolean): void => {
    const problem = isRead && typeof value === 'string' ? hiddenProblem(value, 'line') : undefined;
    if (problem !== undefined) throw invalid(path, problem);
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      value.forEach((member: JsonValue, i) => visit(member, [...path, i], isRead));
      return;
    }
    for (const [key, member] of Object.entries<JsonValue>(value)) {
      const hidden = hiddenProblem(key, 'line');
      if (hidden !== undefined) throw invalid([...path, key], `its key ${hidden}`);
      // The fields of a step are at its own level: `/operations/0/payload/3/path`.
      visit(member, [...path, key], isOwn && path.length <= STEP_DEPTH && READ.has(key));
    }
  };
  visit(payload, ['operations', index, 'payload'], false);
}

function invalid(path: readonly (string | number)[], detail: string): ChangeError {
  return new ChangeError({ code: 'CHANGE_INVALID', ...describeIssues([{ path, message: detail }]) });
}
