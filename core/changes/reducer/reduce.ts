/**
 * The reducer: computes a change-set's record after one more step, or says why the step is refused. The writer of a step and
 * the reader of a chain both use it, so the entries alone can prove what the record says. It holds every rule that entries can
 * prove; it does not know the current roster, risk table or document.
 */
import { contentHash } from '../model/binding-hashes.ts';
import { nextState } from '../model/lifecycle.ts';
import type { ChangeRecord, Placement } from '../model/record.ts';
import { reducePostExecution } from './reduce-post-execution.ts';
import { reduceDecision } from './reduce-decision.ts';
import { reduceExecution } from './reduce-execution.ts';
import { reduceTimer } from './reduce-timers.ts';
import {
  inconsistent,
  NOT_ASSESSED,
  refused,
  update,
  type Fields,
  type Refusal,
  type Update,
} from '../model/refusal.ts';
import { parseStep, stepHash, type ChainEntry, type ChangeStep, type StepOf } from '../model/steps.ts';

export type Reduced = { readonly kind: 'record'; readonly record: ChangeRecord } | Refusal;

export function reduceChange(record: ChangeRecord | undefined, step: ChangeStep): Reduced {
  const state = nextState(record?.state, step.type);
  if (state === undefined) {
    const what = record === undefined ? 'a change-set that does not exist' : `a change-set that is ${record.state}`;
    return refused('CHANGE_STATE_CONFLICT', `${step.type} is not possible for ${what}: read it again`);
  }
  const placement = { step: stepHash(step), seq: step.seq, hash: step.hash, at: step.at };
  const entry = { type: step.type, seq: step.seq, hash: step.hash, at: step.at };
  if (record === undefined) return begin(step as StepOf<'change.proposed'>, placement, entry);
  const change = misplaced(record, step) ?? reduce(record, step, placement);
  if (change.kind === 'refused') return change;
  const fields = { ...change.fields, state, entries: [...record.entries, entry], updatedAt: step.at };
  return { kind: 'record', record: withFields(record, fields) };
}

export type Folded = { readonly kind: 'record'; readonly record: ChangeRecord } | (Refusal & { readonly seq: number });

/** The record of the change-set whose entries these are, oldest first. */
export function foldChange(entries: readonly ChainEntry[]): Folded {
  let record: ChangeRecord | undefined;
  for (const entry of entries) {
    const step = parseStep(entry);
    const reduced = step === undefined ? malformed(entry) : reduceChange(record, step);
    if (reduced.kind === 'refused') return { ...reduced, seq: entry.body.seq };
    record = reduced.record;
  }
  return record === undefined
    ? { ...refused('CHANGE_NOT_FOUND', 'there are no entries to fold'), seq: 0 }
    : { kind: 'record', record };
}

function begin(
  step: StepOf<'change.proposed'>,
  { step: proposal }: Placement,
  entry: ChangeRecord['entries'][number],
): Reduced {
  const { data, entity, actor, at } = step;
  if (data.contentHash !== contentHash(entity, data.operations))
    return inconsistent('the content hash is not that of the content');
  return {
    kind: 'record',
    record: {
      id: data.change,
      entityId: entity,
      state: 'draft',
      proposer: actor,
      content: data,
      proposal,
      round: 0,
      votes: [],
      progress: [],
      entries: [entry],
      createdAt: at,
      updatedAt: at,
    },
  };
}

function misplaced(record: ChangeRecord, { type, data, entity, seq }: ChangeStep): Refusal | undefined {
  if (entity !== record.entityId || data.change !== record.id)
    return inconsistent(`${type} belongs to another change-set`);
  if (seq <= (record.entries.at(-1)?.seq ?? -1)) return inconsistent(`${type} stands before the step it follows`);
  // Every other step is about the revision in force; a vote on an older one has its own answer.
  const isOther = data.revision !== record.content.revision;
  return isOther && type !== 'change.revised' && type !== 'change.voted'
    ? inconsistent(`${type} is about revision ${data.revision}, in force is ${record.content.revision}`)
    : undefined;
}

function reduce(record: ChangeRecord, step: ChangeStep, placement: Placement): Update {
  switch (step.type) {
    case 'change.proposed':
      return inconsistent('a change-set is proposed once');
    case 'change.revised':
      return revise(record, step, placement);
    case 'change.assessed':
    case 'change.voted':
    case 'change.vote-revoked':
    case 'change.overridden':
    case 'change.approved':
    case 'change.rejected':
    case 'change.returned':
    case 'change.withdrawn':
    case 'change.expired':
      return reduceDecision(record, step, placement);
    case 'change.reminded':
    case 'change.escalated':
      return reduceTimer(record, step);
    case 'change.resolution':
    case 'change.resolved-executed':
    case 'change.resolved-rolled-back':
    case 'change.reviewed':
      return reducePostExecution(record, step, placement);
    default:
      return reduceExecution(record, step, placement);
  }
}

/** Votes are void; nobody can vote until the new revision is assessed. */
function revise(record: ChangeRecord, { data, entity }: StepOf<'change.revised'>, { step }: Placement): Update {
  const { content } = record;
  if (data.revision !== content.revision + 1)
    return inconsistent(`revision ${data.revision} does not follow ${content.revision}`);
  if (data.initiator !== content.initiator || data.sponsor !== content.sponsor)
    return inconsistent('a change-set keeps its initiator');
  // What it followed is a matter of its first proposal; once its proposer has edited it, it is no plain revert any more.
  if (data.supersedes !== content.supersedes || data.reverts !== undefined)
    return inconsistent('a revision names what it follows as before, and reverts nothing by itself');
  if (content.excludes.some((person) => !data.excludes.includes(person)))
    return inconsistent('who is excluded from deciding stays excluded');
  if (data.contentHash !== contentHash(entity, data.operations))
    return inconsistent('the content hash is not that of the content');
  return update({ ...NOT_ASSESSED, content: data, proposal: step });
}

/** Undefined removes a field, so the record has one canonical form. */
function withFields(record: ChangeRecord, fields: Fields): ChangeRecord {
  const all = Object.entries({ ...record, ...fields });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as ChangeRecord;
}

function malformed({ body }: ChainEntry): Refusal {
  return inconsistent(`the entry at seq ${body.seq} is no well-formed step (${body.type.slice(0, 64)})`);
}
