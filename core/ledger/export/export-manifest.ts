/**
 * What an export says about itself (export.json), and the names in its folder. Nothing here is proof: whoever verifies takes
 * the ledger's name from it, which every entry repeats, and holds all else against what is signed.
 */
/** The form of the folder; a reader that does not know it refuses. */
export const EXPORT_FORMAT = 1;

export const EXPORT_FILES = {
  /** written last: a folder without it is no export */
  manifest: 'export.json',
  /** `<hex SHA-256>  <path>` a line, for `sha256sum -c` */
  sums: 'SHA256SUMS',
  rootKey: 'root.vkey',
  /** verifier keys of the witnesses that cosigned, one a line */
  witnessKeys: 'witness.vkey',
  /** folder: the log as C2SP tlog-tiles has it */
  log: 'log',
  /** folder of the anchors */
  anchors: 'anchors',
  /** idempotency keys that do not follow from the entries, one `{key, position}` a line */
  keys: 'idempotency.jsonl',
  /** confidential fields, encrypted, one item a line; only where asked for */
  sensitive: 'sensitive.jsonl',
} as const;

export interface ExportManifest {
  readonly format: typeof EXPORT_FORMAT;
  readonly ledger: string;
  /** of the ledger: name of the root key and part of every genesis hash */
  readonly origin: string;
  /** sizes at which the log was begun anew after a loss */
  readonly incarnations: readonly number[];
  /** of the checkpoint */
  readonly size: number;
  /** base64, of the checkpoint */
  readonly root: string;
  /** ISO 8601 UTC */
  readonly exportedAt: string;
  readonly withSensitive: boolean;
  readonly files: number;
  readonly bytes: number;
  /** hex SHA-256 of SHA256SUMS */
  readonly sums: string;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isLike = (form: RegExp) => (value: unknown) => typeof value === 'string' && form.test(value);

const FIELDS: Readonly<Record<keyof ExportManifest, (value: unknown) => boolean>> = {
  format: (value) => value === EXPORT_FORMAT,
  ledger: isLike(/^[a-z0-9][a-z0-9-]{0,31}$/),
  origin: isLike(/^[^\s+]{1,500}$/),
  incarnations: (value) => Array.isArray(value) && value.every(isCount),
  size: isCount,
  root: isLike(/^[A-Za-z0-9+/]{43}=$/),
  exportedAt: isLike(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  withSensitive: (value) => typeof value === 'boolean',
  files: isCount,
  bytes: isCount,
  sums: isLike(/^[0-9a-f]{64}$/),
};

/** Input is untrusted. No schema library: every verifying thread loads this. */
export function parseManifest(bytes: Uint8Array): ExportManifest | { readonly malformed: string } {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return { malformed: 'it is not JSON' };
  }
  if (typeof value !== 'object' || value === null) return { malformed: 'it is not a JSON object' };
  const found = value as Readonly<Record<string, unknown>>;
  if (found['format'] !== EXPORT_FORMAT)
    return { malformed: `format is ${String(found['format']).slice(0, 40)}, this program reads ${EXPORT_FORMAT}` };
  const wrong = Object.entries(FIELDS).find(([name, isRight]) => !isRight(found[name]));
  return wrong === undefined
    ? (found as unknown as ExportManifest)
    : { malformed: `${wrong[0]} is missing or malformed` };
}
