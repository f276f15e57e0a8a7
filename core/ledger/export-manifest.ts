/**
 * What an export says about itself (export.json), and the names in its folder. Nothing here is proof: whoever verifies takes
 * the ledger's name from it, which every entry repeats, and holds all else against what is signed.
 */
import * as z from 'zod';

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

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

const manifestSchema = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  ledger: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  /** of the ledger: name of the root key and part of every genesis hash */
  origin: z.string().min(1),
  /** sizes at which the log was begun anew after a loss */
  incarnations: z.array(count),
  /** of the checkpoint */
  size: count,
  /** base64, of the checkpoint */
  root: z.string(),
  exportedAt: z.iso.datetime(),
  withSensitive: z.boolean(),
  files: count,
  bytes: count,
  /** SHA-256 of SHA256SUMS */
  sums: sha256,
});
export type ExportManifest = z.output<typeof manifestSchema>;

/** Input is untrusted. */
export function parseManifest(bytes: Uint8Array): ExportManifest | { readonly malformed: string } {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return { malformed: 'it is not JSON' };
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return {
    malformed: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is not what an export says of itself'}`,
  };
}
