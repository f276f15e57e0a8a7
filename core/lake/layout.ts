/**
 * What a lake consists of, and how its files are named. `lake.json` says whose it is. `ranges/<from>.json` fixes a range [from, to) of
 * the log and the checkpoint that covers it before anything of it is written; `manifests/<from>-<last>.json` is written when all of it
 * is. Tables lie as Security Lake wants a custom source: `<class>/region=/accountId=/eventDay=/<from>-<last>.parquet`.
 */
import { sha256, toHex, type JsonObject, type JsonValue } from '../canonical/index.ts';
import { isObject } from '../values/index.ts';
import { CLASSES, OCSF_VERSION, type ClassName } from './columns.ts';
import { LakeError } from './errors.ts';

export const LAKE_FORMAT = 1;
export const LAKE_FILE = 'lake.json';
export const RANGES = 'ranges/';
export const MANIFESTS = 'manifests/';
/** So many digits that names are in the order of the log: more entries than a log can have. */
const DIGITS = 16;
const TABLE =
  /^([a-z_]+)\/region=([A-Za-z0-9-]{1,32})\/accountId=([A-Za-z0-9-]{1,32})\/eventDay=(\d{8})\/(\d{16})-(\d{16})\.parquet$/;
const LABEL = /^[A-Za-z0-9-]{1,32}$/;
const HASH = /^[0-9a-f]{64}$/;

export interface Lake {
  readonly format: typeof LAKE_FORMAT;
  /** of the log: name of its checkpoints */
  readonly origin: string;
  readonly ocsf: string;
  /** partition keys of Security Lake */
  readonly region: string;
  readonly accountId: string;
}

/** Log indices from..to (exclusive), and the checkpoint that covers them. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** the signed note */
  readonly checkpoint: string;
}

export interface ManifestFile {
  readonly path: string;
  readonly rows: number;
  /** log indices of the first and of the last row */
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  /** hex */
  readonly sha256: string;
}

export interface Manifest extends Range {
  readonly format: typeof LAKE_FORMAT;
  readonly files: readonly ManifestFile[];
}

export interface TablePlace {
  readonly className: ClassName;
  readonly region: string;
  readonly accountId: string;
  /** yyyyMMdd, UTC, of the entries */
  readonly day: string;
}

export function rangePath(from: number): string {
  return `${RANGES}${padded(from)}.json`;
}

export function manifestPath({ from, to }: Pick<Range, 'from' | 'to'>): string {
  return `${MANIFESTS}${padded(from)}-${padded(to - 1)}.json`;
}

export function tablePath(
  { className, region, accountId, day }: TablePlace,
  range: Pick<Range, 'from' | 'to'>,
): string {
  const name = `${padded(range.from)}-${padded(range.to - 1)}.parquet`;
  return `${className}/region=${region}/accountId=${accountId}/eventDay=${day}/${name}`;
}

/** Undefined: no table has such a path. */
export function placeOfTable(path: string): TablePlace | undefined {
  const [, className = '', region = '', accountId = '', day = ''] = TABLE.exec(path) ?? [];
  return Object.hasOwn(CLASSES, className) ? { className: className as ClassName, region, accountId, day } : undefined;
}

export function sha256Hex(bytes: Uint8Array): string {
  return toHex(sha256(bytes));
}

export function bytesOf(value: Lake | Range | Manifest): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** @throws LakeError LAKE_INVALID */
export function parseLake(bytes: Uint8Array): Lake {
  const lake = jsonOf(bytes);
  const isRight =
    lake !== undefined &&
    lake['format'] === LAKE_FORMAT &&
    lake['ocsf'] === OCSF_VERSION &&
    typeof lake['origin'] === 'string' &&
    isLabel(lake['region']) &&
    isLabel(lake['accountId']);
  if (isRight) return lake as unknown as Lake;
  throw new LakeError({
    code: 'LAKE_INVALID',
    message: `${LAKE_FILE} is malformed, or of another version of this program: it writes format ${LAKE_FORMAT} and OCSF ${OCSF_VERSION}`,
  });
}

/** Is it a name that a partition can have? */
export function isLabel(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && LABEL.test(value);
}

/** Undefined: malformed. Input is untrusted. */
export function parseRange(bytes: Uint8Array): Range | undefined {
  const range = jsonOf(bytes);
  return range !== undefined && isRange(range) ? (range as unknown as Range) : undefined;
}

/** Undefined: malformed. Input is untrusted. */
export function parseManifest(bytes: Uint8Array): Manifest | undefined {
  const manifest = jsonOf(bytes);
  const files = manifest?.['files'];
  if (manifest?.['format'] !== LAKE_FORMAT || !isRange(manifest)) return undefined;
  return Array.isArray(files) && files.every(isFile) ? (manifest as unknown as Manifest) : undefined;
}

function isRange(value: JsonObject): boolean {
  const { from, to, checkpoint } = value;
  return isCount(from) && isCount(to) && Number(from) < Number(to) && typeof checkpoint === 'string';
}

function isFile(value: JsonValue): boolean {
  if (!isObject(value)) return false;
  const { path, rows, first, last, bytes, sha256: sum } = value;
  const isNamed = typeof path === 'string' && placeOfTable(path) !== undefined;
  return isNamed && [rows, first, last, bytes].every(isCount) && typeof sum === 'string' && HASH.test(sum);
}

function isCount(value: JsonValue | undefined): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function jsonOf(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function padded(position: number): string {
  return String(position).padStart(DIGITS, '0');
}
