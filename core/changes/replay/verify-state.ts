/**
 * What an entity's document must be, computed from its chain alone: every change-set is folded, so only what was proposed,
 * approved and claimed can have had an effect. The caller compares the answer with the stored document; a difference is
 * DRIFT. Chain links and signatures are the ledger's verification, not this one's.
 */
import { canonicalize } from '../../canonical/index.ts';
import { orBlank } from '../../values/index.ts';
import { adoptedDocument, POLICY_ADOPTED } from '../policy/adoption.ts';
import { documentHash, type Document, type VersionedDocument } from '../model/document.ts';
import { attempt } from '../model/errors.ts';
import { operationTypes, type OperationTypes } from '../operations/operations.ts';
import { planOperation, planResult } from '../operations/plan.ts';
import type { ChangeRecord } from '../model/record.ts';
import { reduceChange } from '../reducer/reduce.ts';
import { isStepType, parseStep, stepHash, type ChainEntry, type ChangeStep } from '../model/steps.ts';

const REDACTED = 'redacted';

export type VerifiedState =
  | ({ readonly kind: 'state' } & VersionedDocument)
  /** the first entry that does not follow from those before it */
  | { readonly kind: 'inconsistent'; readonly seq: number; readonly reason: string };

/** @param entries the entity's chain from seq 0 on; entries that are no steps of change-sets are passed over */
export function verifyState(
  entityId: string,
  entries: readonly ChainEntry[],
  types: OperationTypes = operationTypes(),
): VerifiedState {
  const records = new Map<string, ChangeRecord>();
  const images = new Map<string, Document>();
  let hasAdopted = false;
  let current: VersionedDocument = { document: null, version: 0, hash: documentHash(null) };
  for (const entry of entries) {
    const inconsistent = (reason: string): VerifiedState => ({ kind: 'inconsistent', seq: entry.body.seq, reason });
    if (entry.body.type === POLICY_ADOPTED) {
      const adopted: VersionedDocument | string = hasAdopted
        ? 'a policy is adopted once'
        : adoptedDocument(entry, current);
      if (typeof adopted === 'string') return inconsistent(adopted);
      [current, hasAdopted] = [adopted, true];
      continue;
    }
    if (entry.body.type === REDACTED) {
      const problem = redactionProblem(entry.body, records.get(textOf(entry.body.data['change'])), types);
      if (problem !== undefined) return inconsistent(problem);
      continue;
    }
    if (!isStepType(entry.body.type)) continue;
    if (entry.body.entity !== entityId) return inconsistent(`the entry belongs to ${entry.body.entity}`);
    const step = parseStep(entry);
    if (step === undefined) return inconsistent(`${entry.body.type} is malformed`);
    const reduced = reduceChange(records.get(step.data.change), step);
    if (reduced.kind === 'refused') return inconsistent(reduced.message);
    records.set(reduced.record.id, reduced.record);
    const next = effectOf(step, { record: reduced.record, current, types, images });
    if (typeof next === 'string') return inconsistent(next);
    current = next;
  }
  return { kind: 'state', ...current };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What is said to be destroyed is what an operation of the change-set, just applied, was approved to destroy. */
function redactionProblem(
  { idem, data }: ChainEntry['body'],
  record: ChangeRecord | undefined,
  types: OperationTypes,
): string | undefined {
  const { change, revision, seq, fields, basis } = data;
  if (record === undefined) return 'the redaction names no change-set of this entity';
  const index = record.content.operations.findIndex((_, i) => idem === `${record.id}#redacted#${i}`);
  const operation = record.content.operations[index];
  if (operation === undefined || change !== record.id || revision !== record.content.revision)
    return `the redaction names no operation of the change-set "${record.id}"`;
  const erasure = attempt(() => types.get(operation.type)?.erases?.(operation.payload));
  const isApproved =
    typeof erasure === 'object' && canonicalize({ ...erasure }) === canonicalize({ seq, fields, basis });
  if (!isApproved) return 'the redaction is of other fields than the change-set was approved for';
  return record.progress[index]?.status === 'applied' ? undefined : 'the redaction comes without its operation';
}

export interface Before {
  readonly record: ChangeRecord;
  readonly current: VersionedDocument;
  readonly types: OperationTypes;
  /** the document before each operation, by step hash of its intent */
  readonly images: Map<string, Document>;
}

/** The document after a step, or what is wrong with it. */
export function effectOf(step: ChangeStep, { record, current, types, images }: Before): VersionedDocument | string {
  switch (step.type) {
    case 'change.intent': {
      const { document, version, hash } = step.data.before;
      // The image to restore must be the document itself: undoing must never bring in what nobody approved.
      if (version !== current.version || hash !== current.hash || documentHash(document) !== hash)
        return `the document before operation ${step.data.index} is not the one the chain leads to`;
      images.set(stepHash(step), document);
      return current;
    }
    case 'change.applied': {
      const operation = record.content.operations[step.data.index];
      if (operation === undefined) return `there is no operation ${step.data.index}`;
      const planned = attempt(() => planOperation(current.document, operation, { types, index: step.data.index }));
      return typeof planned === 'string' ? planned : written(current, planned, step.data);
    }
    case 'change.undone': {
      const image = images.get(orBlank(record.progress[step.data.index]?.intent));
      return image === undefined ? 'nothing was intended that could be undone' : written(current, image, step.data);
    }
    case 'change.resolved-executed':
    case 'change.resolved-rolled-back': {
      const image = images.get(orBlank(record.progress[0]?.intent));
      if (image === undefined) return 'nothing was intended that could be resolved';
      const { operations } = record.content;
      const isExecuted = step.type === 'change.resolved-executed';
      const planned = isExecuted ? attempt(() => planResult(image, operations, types)) : image;
      // Whoever resolved it may have found the document at a later version than its chain leads to.
      const found = { ...current, version: step.data.document.version - 1 };
      return typeof planned === 'string' ? planned : written(found, planned, step.data.document);
    }
    default:
      return current;
  }
}

function written(
  current: VersionedDocument,
  document: Document,
  claimed: Omit<VersionedDocument, 'document'>,
): VersionedDocument | string {
  const next = { document, version: current.version + 1, hash: documentHash(document) };
  return next.version === claimed.version && next.hash === claimed.hash
    ? next
    : `the entry claims version ${claimed.version} (${claimed.hash}), the operations lead to ${next.version} (${next.hash})`;
}
