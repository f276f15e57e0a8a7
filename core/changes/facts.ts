/**
 * The facts risk is assessed on, recomputed from what the operations do to the document as it is: never taken from the
 * proposer. Everything is an integer, a boolean or text, so facts can stand in an entry.
 */
import { canonicalize, type JsonObject, type JsonValue } from '../canonical/index.ts';
import { diffDocuments, isJsonObject, type Document } from './document.ts';
import { refuse } from './errors.ts';
import type { Operation } from './steps.ts';

/** Digits kept after the point when amounts are compared. */
const SCALE_DIGITS = 30;
const SCALE = 10n ** BigInt(SCALE_DIGITS);
const DECIMAL = /^(-?)(\d{1,60})(?:\.(\d{1,30}))?$/;

export interface FactSources {
  readonly entityId: string;
  /** `person:<personId>`, `agent:<id>` or `module:<id>` */
  readonly initiator: string;
  /** change-sets of the initiator in the last 24 h that were not refused, this one included */
  readonly recentChanges: number;
  readonly operations: readonly Operation[];
  readonly before: Document;
  /** the document after each operation */
  readonly after: readonly Document[];
  readonly moneyPaths: readonly string[];
}

/** @throws ChangeError RISK_BLOCKED when an amount cannot be read */
export function factsOf(sources: FactSources): JsonObject {
  const { entityId, initiator, recentChanges, operations, before, after, moneyPaths } = sources;
  const [kind = '', ...id] = initiator.split(':');
  // Per operation, not from first to last: what is moved there and back was moved.
  const stages = after.map((document, i): [Document, Document] => [
    i === 0 ? before : (after[i - 1] ?? null),
    document,
  ]);
  const moved = stages.reduce((sum, [from, to]) => sum + moneyMoved(from, to, moneyPaths), 0n);
  return {
    entity: entityId,
    initiator: { kind, id: id.join(':'), recentChanges },
    operations: { count: operations.length, types: [...new Set(operations.map(({ type }) => type))].sort() },
    reversible: operations.every(({ inverse }) => inverse !== 'none'),
    creates: before === null && after.at(-1) !== null,
    money: { touched: moved > 0n, moved: wholeUnits(moved) },
    bytesChanged: stages.reduce((sum, [from, to]) => sum + Buffer.byteLength(canonicalize(diffDocuments(from, to))), 0),
  };
}

/** Sum of the absolute changes at the money paths, scaled. */
function moneyMoved(from: Document, to: Document, paths: readonly string[]): bigint {
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
  let found: [string, JsonValue][] = [['', document]];
  for (const token of path.split('/').slice(1)) {
    found = found.flatMap(([at, value]) =>
      members(value, token).map(([key, member]) => [`${at}/${key}`, member] as [string, JsonValue]),
    );
  }
  return new Map(found.map(([at, value]) => [at, amountOf(value, at)]));
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
