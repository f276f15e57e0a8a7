/** The pairs that a lint compares: a change-set as it should be, and the same effect another way. Pure; the same seed, the same pairs. */
import type { JsonObject, JsonValue } from '../../canonical/index.ts';
import { isJsonObject } from '../model/document.ts';
import type { Plan, PlanLevel, PlannedChange } from './policy-lint-plan.ts';
import type { RiskConfig } from '../risk/risk-config.ts';

export type LintKind = 'splitting' | 'spreading' | 'renaming' | 'unit' | 'nesting' | 'sign' | 'order' | 'elsewhere';

export interface Case {
  readonly kind: LintKind;
  readonly stricter: Plan;
  readonly weaker: Plan;
  /** @param level that the stricter one has */
  readonly add: (level: PlanLevel) => string;
}

const PARTS = [2, 3, 10];
const SPREAD = [2, 10];
/** What a `*` of a path stands for. */
const ANY_KEY = 'a1';
const OTHER_NAMES = ['overdraft', 'limit2', 'Limit', 'amount_'];
const DEFAULT_ENTITY = 'account:';
const MAX_AMOUNT = 10_000_000_000;

interface Subject {
  /** without its number */
  readonly entity: string;
  /** tokens of a money path */
  readonly path: readonly string[];
}

/** Amounts that the table names, and their neighbours, come first. */
export function* casesOf(risk: RiskConfig, search: { readonly seed: number; readonly runs: number }): Generator<Case> {
  const subjects = entitiesOf(risk).flatMap((entity) => pathsOf(risk).map((path): Subject => ({ entity, path })));
  const amounts = [...namedAmounts(risk), ...randomAmounts(search)];
  for (const amount of amounts) {
    for (const subject of subjects) {
      for (const parts of PARTS) yield* splitting(subject, amount, parts);
      for (const over of SPREAD) yield* spreading(subject, amount, over);
      yield* renaming(subject, amount, risk);
      yield* nesting(subject, amount);
      yield* unit(subject, amount);
      yield* sign(subject, amount);
      yield* order(subject, amount);
      yield* otherPlace(subject, amount);
    }
  }
}

function* splitting(subject: Subject, amount: number, parts: number): Generator<Case> {
  const sums = partsOf(amount, parts);
  if (sums === undefined) return;
  const add = (level: PlanLevel): string =>
    `a rule on the day's sum of the entity: { when: { onEntity: { recentMoved: [{ numeric: ['>', ${amount - 1}] }] } }, level: '${level}', … }, and no milder rule that looks at one step alone`;
  yield { kind: 'splitting', stricter: [set(subject, 0, amount)], weaker: stepwise(subject, sums), add };
  yield { kind: 'order', stricter: stepwise(subject, sums), weaker: stepwise(subject, [...sums].reverse()), add };
}

function* spreading(subject: Subject, amount: number, over: number): Generator<Case> {
  const sums = partsOf(amount, over);
  if (sums === undefined) return;
  yield {
    kind: 'spreading',
    stricter: [set(subject, 0, amount)],
    weaker: sums.map((part, i) => set(subject, 0, part, `${subject.entity}${i + 1}`)),
    add: (level) =>
      `a rule on the day's sum of who proposes: { when: { initiator: { recentMoved: [{ numeric: ['>', ${amount - 1}] }] } }, level: '${level}', … }, and no milder rule that looks at one entity alone`,
  };
}

function* renaming(subject: Subject, amount: number, { moneyPaths, knownPaths = [] }: RiskConfig): Generator<Case> {
  const declared = [...moneyPaths, ...knownPaths].map(tokensOf);
  for (const name of OTHER_NAMES) {
    const path = [...subject.path.slice(0, -1), name];
    if (
      declared.some((one) => one.length === path.length && one.every((token, i) => token === '*' || token === path[i]))
    )
      continue;
    yield {
      kind: 'renaming',
      stricter: [set(subject, 0, amount)],
      weaker: [set({ ...subject, path }, 0, amount)],
      add: unknownRule,
    };
  }
}

function* nesting(subject: Subject, amount: number): Generator<Case> {
  const deeper = [
    [...subject.path, 'value'],
    [...subject.path.slice(0, -1), 'terms', ...subject.path.slice(-1)],
  ];
  for (const path of deeper)
    yield {
      kind: 'nesting',
      stricter: [set(subject, 0, amount)],
      weaker: [set({ ...subject, path }, 0, amount)],
      add: unknownRule,
    };
}

/** The number stays, what it counts changes. */
function* unit(subject: Subject, amount: number): Generator<Case> {
  const { entity, path } = subject;
  const withUnit = (currency: string): JsonObject => ({ ...documentAt(path, amount), currency });
  const entityId = `${entity}1`;
  yield {
    kind: 'unit',
    stricter: [set(subject, 0, amount)],
    weaker: [
      {
        ...{ entityId, before: withUnit('CZK'), after: [withUnit('BTC')] },
        says: `on ${entityId}: /currency from CZK to BTC, while ${pointerOf(path)} stays ${amount}`,
      },
    ],
    add: (level) =>
      `/currency to risk.sensitivePaths, with a rule { when: { sensitive: { paths: ['/currency'] } }, level: '${level}', … }; or ${unknownRule(level)}`,
  };
}

function* sign(subject: Subject, amount: number): Generator<Case> {
  const add = (level: PlanLevel): string =>
    `rules on money.moved, which has no sign, instead of on how a change is written: { when: { money: { moved: [{ numeric: ['>', ${amount - 1}] }] } }, level: '${level}', … }`;
  const [up, down, less] = [set(subject, 0, amount), set(subject, 0, -amount), set(subject, amount, 0)];
  for (const [stricter, weaker] of [
    [up, down],
    [down, up],
    [up, less],
    [less, up],
  ] as const)
    yield { kind: 'sign', stricter: [stricter], weaker: [weaker], add };
}

/** First a little or nothing, then the rest: a document that is there may be judged more mildly, and one that is not yet, too. */
function* order(subject: Subject, amount: number): Generator<Case> {
  const { entity, path } = subject;
  const entityId = `${entity}1`;
  const says = `on ${entityId}: create the document with ${pointerOf(path)} ${amount}`;
  const created: PlannedChange = { entityId, before: null, after: [documentAt(path, amount)], says };
  const add = (level: PlanLevel): string =>
    `no rule on "creates" that is milder than the rules on money: give it the same condition on money.moved, or level '${level}'`;
  yield { kind: 'order', stricter: [set(subject, 0, amount)], weaker: [created], add };
  yield { kind: 'order', stricter: [created], weaker: [{ ...set(subject, 0, amount), before: {} }], add };
}

/** What is done outside the ledger and says nothing of itself could be as large. */
function* otherPlace(subject: Subject, amount: number): Generator<Case> {
  const entityId = `${subject.entity}1`;
  const operation = { type: 'executor.invoke', payload: { executor: 'refunds', input: { amount: String(amount) } } };
  yield {
    kind: 'elsewhere',
    stricter: [set(subject, 0, amount)],
    weaker: [
      {
        ...{ entityId, before: null, after: [null] },
        operations: [{ ...operation, executor: 'refunds@1', inverse: 'executor-undo' }],
        says: `on ${entityId}: an executor refunds ${amount}, reversible, and gives no facts`,
      },
    ],
    add: (level) =>
      `a rule { when: { operations: { types: ['executor.invoke'] } }, level: '${level}', … }; milder ones for executors that you know, by executors.names`,
  };
}

function unknownRule(level: PlanLevel): string {
  return `risk.knownPaths with what may change freely, and a rule { when: { unknown: { touched: [true] } }, level: '${level}', … }`;
}

/** A document whose amount goes from one to the other; 0: from or to nothing much. */
function set(subject: Subject, from: number, to: number, entityId = `${subject.entity}1`): PlannedChange {
  const { path } = subject;
  return {
    ...{ entityId, before: documentAt(path, from), after: [documentAt(path, to)] },
    says: `on ${entityId}: ${pointerOf(path)} from ${from} to ${to}`,
  };
}

function stepwise(subject: Subject, parts: readonly number[]): Plan {
  let sum = 0;
  return parts.map((part) => set(subject, sum, (sum += part)));
}

/** Whole parts, the first the largest; undefined: too small to be split so. */
function partsOf(amount: number, parts: number): number[] | undefined {
  const each = Math.floor(amount / parts);
  return each === 0 ? undefined : [amount - each * (parts - 1), ...Array.from({ length: parts - 1 }, () => each)];
}

function documentAt(path: readonly string[], amount: number): JsonObject {
  const value = path.reduceRight<JsonValue>((inner, token) => ({ [token]: inner }), String(amount));
  return isJsonObject(value) ? value : {};
}

/** Prefixes and ids that rules name. */
function entitiesOf({ rules }: RiskConfig): string[] {
  const tests = rules.flatMap(({ when }) => (Array.isArray(when['entity']) ? (when['entity'] as unknown[]) : []));
  const named = tests.flatMap((test) => {
    if (typeof test === 'string') return [test];
    const { prefix } = (test ?? {}) as { readonly prefix?: unknown };
    return typeof prefix === 'string' ? [prefix] : [];
  });
  return named.length === 0 ? [DEFAULT_ENTITY] : [...new Set(named)];
}

function pathsOf({ moneyPaths }: RiskConfig): string[][] {
  return moneyPaths.map((path) => tokensOf(path).map((token) => (token === '*' ? ANY_KEY : token)));
}

function namedAmounts({ rules }: RiskConfig): number[] {
  const numbers = rules.flatMap(({ when }) => numbersIn(when));
  const around = numbers.flatMap((one) => [one, one + 1, 2 * one, 10 * one]);
  return [...new Set(around)].filter((one) => Number.isSafeInteger(one) && one > 0 && one <= MAX_AMOUNT);
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** Between 1 and MAX_AMOUNT, all magnitudes alike. Mulberry32 (public domain): small, seeded, good enough to search with. */
function randomAmounts({ seed, runs }: { readonly seed: number; readonly runs: number }): number[] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Array.from({ length: runs }, () => Math.ceil(MAX_AMOUNT ** random()));
}

function tokensOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pointerOf(path: readonly string[]): string {
  return `/${path.join('/')}`;
}
