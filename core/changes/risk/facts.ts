/**
 * The facts risk is assessed on, recomputed from what the operations do to the document as it is: never taken from the
 * proposer. Everything is an integer, a boolean or text, so facts can stand in an entry.
 */
import { canonicalize, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import { defined } from '../../values/index.ts';
import { diffDocuments, isJsonObject, type Document } from '../model/document.ts';
import { refuse } from '../model/errors.ts';
import { MAX_RECENT, type RecentChange } from '../store/recent-changes.ts';
import type { Operation } from '../model/steps.ts';
import { unknownPlaces } from './unknown-places.ts';

/** Digits kept after the point when amounts are compared. */
const SCALE_DIGITS = 30;
const SCALE = 10n ** BigInt(SCALE_DIGITS);
const DECIMAL = /^(-?)(\d{1,60})(?:\.(\d{1,30}))?$/;

/** The facts there are, with the fields of each; undefined: it is a value. `executors` is what executors say themselves. */
export const FACTS = {
  entity: [undefined],
  initiator: ['kind', 'id', 'proven', 'recentChanges', 'recentMoved', 'recentEntities'],
  onEntity: ['recentChanges', 'recentMoved'],
  operations: ['count', 'types'],
  reversible: [undefined],
  creates: [undefined],
  money: ['touched', 'moved'],
  sensitive: ['touched', 'erases', 'paths'],
  freeze: ['active', 'names'],
  unknown: ['touched', 'places'],
  bytesChanged: [undefined],
  executors: 'any',
} as const;

/** An EventBridge event pattern over facts. */
export type Pattern = { readonly [field: string]: unknown };

export interface FactSources {
  readonly entityId: string;
  /** `person:<personId>`, `agent:<id>` or `module:<id>` */
  readonly initiator: string;
  /** of agents: people have seen enough of its work */
  readonly proven?: boolean;
  /** of the initiator and everybody the same person answers for, without this one */
  readonly byInitiator: readonly RecentChange[];
  /** on the entity by anybody, without this one */
  readonly onEntity: readonly RecentChange[];
  readonly operations: readonly Operation[];
  /** confidential fields of an entry are destroyed */
  readonly erases: boolean;
  readonly before: Document;
  /** the document after each operation */
  readonly after: readonly Document[];
  readonly moneyPaths: readonly string[];
  readonly sensitivePaths: readonly string[];
  /** places that rules were made for, beside those; absent: the table does not say */
  readonly knownPaths?: readonly string[] | undefined;
  /** names of the freeze windows that are open */
  readonly freezes: readonly string[];
}

/** @throws ChangeError RISK_BLOCKED when an amount cannot be read */
export function factsOf(sources: FactSources): JsonObject {
  const { entityId, initiator, proven, operations, before, after, moneyPaths, freezes } = sources;
  const [kind = '', ...id] = initiator.split(':');
  // Per operation, not from first to last: what is moved there and back was moved.
  const stages = after.map((document, i): Stage => [i === 0 ? before : (after[i - 1] ?? null), document]);
  const scaled = stages.reduce((sum, stage) => sum + moneyMoved(stage, moneyPaths), 0n);
  const moved = wholeUnits(scaled);
  const own = recentOf([...sources.byInitiator, { entityId, moved }]);
  const onEntity = recentOf([...sources.onEntity, { entityId, moved }]);
  return {
    entity: entityId,
    initiator: {
      ...{ kind, id: id.join(':') },
      ...defined({ proven }),
      ...{ recentChanges: own.changes, recentMoved: own.moved, recentEntities: own.entities },
    },
    onEntity: { recentChanges: onEntity.changes, recentMoved: onEntity.moved },
    operations: { count: operations.length, types: [...new Set(operations.map(({ type }) => type))].sort() },
    reversible: operations.every(({ inverse }) => inverse !== 'none'),
    creates: before === null && after.at(-1) !== null,
    money: { touched: scaled > 0n, moved },
    sensitive: sensitiveFacts(stages, sources),
    freeze: { active: freezes.length > 0, names: [...freezes] },
    ...unknownFacts(stages, sources),
    bytesChanged: stages.reduce((sum, [from, to]) => sum + Buffer.byteLength(canonicalize(diffDocuments(from, to))), 0),
  };
}

/** What a pattern tests, as `fact` or `fact.field`; `$or` stands for all its branches. */
export function testsOf(when: Pattern, under = ''): string[] {
  return Object.entries(when).flatMap(([field, test]) => {
    if (field === '$or') return (test as readonly Pattern[]).flatMap((branch) => testsOf(branch, under));
    const isValue = Array.isArray(test) || under !== '';
    return isValue ? [under + field] : testsOf(test as Pattern, `${field}.`);
  });
}

type Stage = readonly [Document, Document];

/** What was proposed in the last 24 hours and not refused. */
function recentOf(changes: readonly RecentChange[]): { changes: number; moved: number; entities: number } {
  const isUncounted = changes.length > MAX_RECENT;
  return {
    changes: changes.length,
    moved: isUncounted ? Number.MAX_SAFE_INTEGER : sumOf(changes.map(({ moved }) => moved)),
    entities: new Set(changes.map(({ entityId }) => entityId)).size,
  };
}

/** At most 2^53-1: strict where it is not exact. */
function sumOf(amounts: readonly number[]): number {
  return Math.min(
    amounts.reduce((sum, amount) => sum + amount, 0),
    Number.MAX_SAFE_INTEGER,
  );
}

function sensitiveFacts(stages: readonly Stage[], { erases, sensitivePaths }: FactSources): JsonObject {
  const paths = sensitivePaths.filter((path) => stages.some((stage) => isTouched(stage, path)));
  return { touched: erases || paths.length > 0, erases, paths };
}

/** Only of a table that says what it knows: the facts of others, and their hashes, stay as they were. */
function unknownFacts(
  stages: readonly Stage[],
  { knownPaths, moneyPaths, sensitivePaths }: FactSources,
): { readonly unknown?: JsonObject } {
  if (knownPaths === undefined) return {};
  const places = unknownPlaces(stages, [...knownPaths, ...moneyPaths, ...sensitivePaths]);
  return { unknown: { touched: places > 0, places } };
}

function isTouched([from, to]: Stage, path: string): boolean {
  const [old, now] = [valuesAt(from, path), valuesAt(to, path)].map((values) =>
    canonicalize(Object.fromEntries(values)),
  );
  return old !== now;
}

/** Sum of the absolute changes at the money paths, scaled. */
function moneyMoved([from, to]: Stage, paths: readonly string[]): bigint {
  let sum = 0n;
  for (const path of paths) {
    const [old, now] = [amountsAt(from, path), amountsAt(to, path)];
    for (const place of new Set([...old.keys(), ...now.keys()])) {
      const difference = (now.get(place) ?? 0n) - (old.get(place) ?? 0n);
      sum += difference < 0n ? -difference : difference;
    }
  }
  return sum;
}

/** Rounded up, and at most 2^53-1: strict where it is not exact. */
function wholeUnits(scaled: bigint): number {
  const whole = (scaled + SCALE - 1n) / SCALE;
  return whole > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(whole);
}

/** The amounts a money path leads to, by where they are. */
function amountsAt(document: Document, path: string): ReadonlyMap<string, bigint> {
  return new Map([...valuesAt(document, path)].map(([at, value]) => [at, amountOf(value, at)]));
}

/** What a path leads to, by where it is; `*` stands for any key or index. */
function valuesAt(document: Document, path: string): ReadonlyMap<string, JsonValue> {
  let found: [string, JsonValue][] = [['', document]];
  for (const token of path.split('/').slice(1)) {
    found = found.flatMap(([at, value]) =>
      members(value, token).map(([key, member]) => [`${at}/${key}`, member] as [string, JsonValue]),
    );
  }
  return new Map(found);
}

function members(value: JsonValue, token: string): [string, JsonValue][] {
  if (!Array.isArray(value) && !isJsonObject(value)) return [];
  const all = Object.entries(value) as [string, JsonValue][];
  const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
  return token === '*' ? all : all.filter(([name]) => name === key);
}

function amountOf(value: JsonValue, at: string): bigint {
  if (value === null) return 0n;
  const match = typeof value === 'string' || typeof value === 'number' ? DECIMAL.exec(String(value)) : null;
  if (match === null) refuse('RISK_BLOCKED', `${at} is a money path but holds no integer or decimal string`);
  const [, sign, whole = '', fraction = ''] = match;
  const scaled = BigInt(whole) * SCALE + BigInt(fraction.padEnd(SCALE_DIGITS, '0'));
  return sign === '-' ? -scaled : scaled;
}
