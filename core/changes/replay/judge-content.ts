/** Was the proposer entitled to propose this, and does the proposal say the truth about who answers for it? */
import { msOf } from '../../brands/index.ts';
import { isReserved } from '../../ledger/index.ts';
import { answerableFor, initiatorOf, type Principal } from '../../policy/index.ts';
import { attempt } from '../model/errors.ts';
import type { OperationTypes } from '../operations/operations.ts';
import { decisionHoursFor } from '../risk/risk-floor.ts';
import { isExternalOperation, type Content, type Operation, type StepOf } from '../model/steps.ts';
import { CLOCK_SLACK_MS, type InForce } from './authority.ts';
import { principalOf } from './principals.ts';
import { MS_PER_HOUR } from '../../values/index.ts';
import { claimerOf } from '../../work/index.ts';

/** @param previous the content that is revised */
export function judgeContent(
  step: StepOf<'change.proposed' | 'change.revised'>,
  { inForce, types, previous }: { readonly inForce: InForce; readonly types: OperationTypes; previous?: Content },
): string | undefined {
  const { actor, data, entity } = step;
  const principal = principalOf(inForce, actor);
  if (typeof principal === 'string') return principal;
  return (
    rightProblem(inForce, principal, entity) ??
    identityProblem(principal, data, previous) ??
    claimProblem(step) ??
    deadlineProblem(inForce, step) ??
    operationProblem(data.operations, types)
  );
}

function rightProblem({ policy }: InForce, principal: Principal, entity: string): string | undefined {
  if (isReserved(entity)) return `"${entity}" is a chain of the system`;
  // What modules may is in the configuration, which no entry has.
  if (principal.kind === 'module' || policy.may(principal, 'proposes', entity)) return undefined;
  return `${principal.kind} "${principal.id}" has no right to propose on "${entity}"`;
}

function identityProblem(principal: Principal, data: Content, previous: Content | undefined): string | undefined {
  const { initiator, sponsor, excludes } = data;
  if (initiator !== initiatorOf(principal)) return `it names "${initiator}" as initiator, not who proposed it`;
  const owner = principal.kind === 'agent' ? `person:${principal.owner}` : undefined;
  if (previous === undefined && sponsor !== owner) return `it names "${sponsor ?? 'nobody'}" as who answers for it`;
  const excluded = [...new Set([...(previous?.excludes ?? []), ...answerableFor(principal)])].sort();
  return excluded.length === excludes.length && excluded.every((person, i) => person === excludes[i])
    ? undefined
    : `it excludes ${listed(excludes)} from deciding, it must exclude ${listed(excluded)}`;
}

/** That the claim stood is judged where claims are. */
function claimProblem({ actor, data: { work } }: StepOf<'change.proposed' | 'change.revised'>): string | undefined {
  return work === undefined || work.by === claimerOf(actor)
    ? undefined
    : `${claimerOf(actor)} proposes it under a claim of ${work.by}`;
}

/** The latest deadline follows from the policy, by the clock as it was just before. */
function deadlineProblem(
  { risk }: InForce,
  { entity, at, data }: StepOf<'change.proposed' | 'change.revised'>,
): string | undefined {
  const hours = decisionHoursFor(entity, risk.config.decisionHours);
  const latest = msOf(at) + hours * MS_PER_HOUR + CLOCK_SLACK_MS;
  return msOf(data.deadline) <= latest ? undefined : `its deadline ${data.deadline} is later than ${hours} h from it`;
}

/** What is built in has one executor, one inverse and payloads of one form; the rest its executor knows. */
function operationProblem(operations: readonly Operation[], types: OperationTypes): string | undefined {
  for (const [index, operation] of operations.entries()) {
    if (isExternalOperation(operation)) continue;
    const { type, payload, executor, inverse } = operation;
    const known = types.get(type);
    if (known === undefined) return `operation ${index} is of no known type "${type.slice(0, 64)}"`;
    const expected = known.reversible ? 'restore-before-image' : 'none';
    if (executor !== known.executor || inverse !== expected)
      return `operation ${index} says ${executor}, ${inverse}; ${type} is ${known.executor}, ${expected}`;
    const parsed = attempt(() => known.parse(payload));
    if (typeof parsed === 'string') return `operation ${index}: ${parsed}`;
  }
  return undefined;
}

function listed(people: readonly string[]): string {
  return people.length === 0 ? 'nobody' : people.join(', ');
}
