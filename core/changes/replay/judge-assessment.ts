/**
 * Was the risk assessed by the rules in force, on what the operations do to the document as it was? Everything is computed
 * again from entries: the facts, the rules that match, what they ask for. What executors said of their plans is believed.
 */
import { later, msOf, type EpochMs, type StepHash } from '../../brands/index.ts';
import { canonicalize, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import { orBlank, orNone } from '../../values/index.ts';
import { applyAdvice } from '../risk/advice.ts';
import { isSampled } from '../risk/assess.ts';
import { documentHash, isJsonObject, type Document, type VersionedDocument } from '../model/document.ts';
import { attempt } from '../model/errors.ts';
import { factsOf, type FactSources } from '../risk/facts.ts';
import { activeFreezes } from '../risk/freezes.ts';
import type { OperationTypes } from '../operations/operations.ts';
import { planOperations } from '../operations/plan.ts';
import { isExternalOperation, type Content, type StepOf } from '../model/steps.ts';
import { CLOCK_SLACK_MS, type InForce } from './authority.ts';
import type { RecentCounts } from './recent-window.ts';

type Assessed = StepOf<'change.assessed'>;

export interface AssessmentContext {
  readonly step: Assessed;
  readonly content: Content;
  /** step hash of what was assessed */
  readonly proposal: StepHash;
  readonly inForce: InForce;
  /** the document as the chain has it */
  readonly document: VersionedDocument;
  readonly types: OperationTypes;
}

/** When the clock was read; of older engines it is only known that it was a moment before. */
export function clockOf({ at, data }: Pick<Assessed, 'at' | 'data'>): { readonly from: EpochMs; readonly to: EpochMs } {
  if (data.asOf === undefined) return { from: later(msOf(at), -CLOCK_SLACK_MS), to: msOf(at) };
  return { from: msOf(data.asOf), to: msOf(data.asOf) };
}

/** Everything but the facts: what they lead to by the rules in force. */
export function judgeRisk({ step, content, proposal, inForce }: AssessmentContext): string | undefined {
  const { data, at } = step;
  const { from, to } = clockOf(step);
  if (to > msOf(at) || from < msOf(at) - CLOCK_SLACK_MS)
    return `it counted as of ${orBlank(data.asOf)}, not as of its time`;
  const { executors, ...facts } = data.facts;
  const said = executorsOf(executors);
  const names = executorNames(content);
  const isOfThem = names.length === 0 ? executors === undefined : said !== undefined && isSame(said.names, names);
  if (!isOfThem) return `its facts name other executors than the operations do`;
  const attempted = attemptToCompute(() =>
    applyAdvice(inForce.risk, facts, { names, facts: said?.plans ?? [], plans: {} }),
  );
  if (typeof attempted === 'string') return attempted;
  const { risk } = attempted;
  const recorded = {
    ...{ matched: data.matched, level: data.level, roles: data.roles, approvals: data.approvals },
    ...{ timelockMinutes: data.timelockMinutes, enforcement: data.enforcement ?? 'hard', policy: data.policy },
    assertion: data.assertion,
  };
  for (const key of [
    'policy',
    'level',
    'matched',
    'roles',
    'approvals',
    'timelockMinutes',
    'enforcement',
    'assertion',
  ] as const)
    if (!isSame(recorded[key], risk[key]))
      return `its ${key} is ${shown(recorded[key])}, by the rules in force it is ${shown(risk[key])}`;
  const isDrawn = isSampled(inForce.risk, risk, { content, proposal });
  if (isDrawn !== (data.sampled ?? false)) return `whether somebody looks at it afterwards was not drawn as it must be`;
  return planned(data, content);
}

/**
 * It was assessed on the document that the chain led to just then. It may not have been, where another change-set was faster or
 * somebody had changed the store: then nothing may be carried out on it, so what it says of the facts is nobody's concern.
 */
export function isOnDocument({ step, document }: Pick<AssessmentContext, 'step' | 'document'>): boolean {
  const { base } = step.data;
  return base.version === document.version && base.hash === document.hash;
}

/** The facts, given what certainly and what possibly counted of the last day. */
export function judgeFacts(
  context: AssessmentContext,
  certain: RecentCounts,
  possible: RecentCounts,
): string | undefined {
  const { step, content, document, types } = context;
  const { result, facts } = step.data;
  const after = attempt(() => planOperations(document, content.operations, types));
  if (typeof after === 'string') return `its operations do not fit the document: ${after}`;
  if (documentHash(after.at(-1) ?? null) !== result) return `its result is not what the operations lead to`;
  const low = computed(context, after, certain);
  const high = isSame(certain, possible) ? low : computed(context, after, possible);
  if (typeof low === 'string') return `its facts: ${low}`;
  if (typeof high === 'string') return `its facts: ${high}`;
  const { executors: _believed, ...recorded } = facts;
  return between(recorded, low, high, { path: '', isOld: step.data.asOf === undefined });
}

function computed(
  { step, content, inForce, document, types }: AssessmentContext,
  after: readonly Document[],
  counted: RecentCounts,
): JsonObject | string {
  const { initiator, operations } = content;
  const { moneyPaths, sensitivePaths, knownPaths } = inForce.risk.config;
  const agent = inForce.policy.roster.agents.find(({ id }) => initiator === `agent:${id}`);
  const sources: FactSources = {
    ...{ entityId: step.entity, initiator, operations, before: document.document, after },
    ...{ moneyPaths, sensitivePaths, knownPaths, ...counted },
    ...(agent === undefined ? {} : { proven: agent.proven }),
    erases: operations.some(({ type }) => types.get(type)?.erases !== undefined),
    freezes: freezesAt(step, inForce),
  };
  return attempt(() => factsOf(sources));
}

/** Of what may have been open at the moment of the clock, what was recorded; otherwise what was open. */
function freezesAt(step: Assessed, { risk }: InForce): string[] {
  const { freezes } = risk.config;
  const { from, to } = clockOf(step);
  const recorded = (step.data.facts['freeze'] as { readonly names?: unknown } | undefined)?.names;
  const edges = freezes.flatMap((one) => [msOf(one.from), msOf(one.until)]);
  const moments = [to, from, ...edges.filter((edge) => edge > from && edge < to)];
  const open = moments.map((moment) => activeFreezes(freezes, step.entity, moment));
  return open.find((names) => isSame(names, recorded)) ?? open[0] ?? [];
}

/** The recorded facts are the computed ones; where those depend on what exactly counted, they lie between. */
function between(
  recorded: JsonValue | undefined,
  low: JsonValue | undefined,
  high: JsonValue | undefined,
  { path, isOld }: { readonly path: string; readonly isOld: boolean },
): string | undefined {
  if (isJsonObject(recorded) && isJsonObject(low) && isJsonObject(high)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(low), ...Object.keys(high)])) {
      // An older engine knew fewer facts, and its rules could not ask for the others.
      if (isOld && recorded[key] === undefined) continue;
      const problem = between(recorded[key], low[key], high[key], { path: `${path}/${key}`, isOld });
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (isSame(recorded, low) || isSame(recorded, high)) return undefined;
  const isBetween =
    typeof recorded === 'number' &&
    typeof low === 'number' &&
    typeof high === 'number' &&
    low <= recorded &&
    recorded <= high;
  if (isBetween) return undefined;
  const range = isSame(low, high) ? shown(low) : `${shown(low)} to ${shown(high)}`;
  return `its fact ${path} is ${shown(recorded)}, computed is ${range}`;
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? 'absent' : canonicalize(value);
}

function executorNames({ operations }: Content): string[] {
  return [...new Set(operations.filter(isExternalOperation).map(({ executor }) => executor))].sort();
}

function executorsOf(
  value: JsonValue | undefined,
): { readonly names: readonly string[]; readonly plans: readonly JsonObject[] } | undefined {
  if (!isJsonObject(value) || Object.keys(value).sort().join() !== 'names,plans') return undefined;
  const { names, plans } = value;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return undefined;
  return Array.isArray(plans) && plans.every(isJsonObject) ? { names, plans } : undefined;
}

/** For each operation that an executor carries out there is a plan, and facts of it. */
function planned({ plans = [], facts }: Assessed['data'], { operations }: Content): string | undefined {
  const external = [...operations.keys()].filter((i) => isExternalOperation(operations[i]));
  const ofFacts = orNone(executorsOf(facts['executors'])?.plans.length);
  return isSame(
    plans.map(({ index }) => index),
    external,
  ) && ofFacts === external.length
    ? undefined
    : `its plans are not those of the operations that executors carry out`;
}

/** Facts are data of an entry: a rule may not be able to look at them. */
function attemptToCompute<Result>(compute: () => Result): Result | string {
  try {
    return compute();
  } catch (error) {
    return `its facts cannot be computed: ${error instanceof Error ? error.message : 'unknown'}`;
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return one === undefined || other === undefined ? one === other : canonicalize(one) === canonicalize(other);
}
