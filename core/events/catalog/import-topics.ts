/**
 * The topics by which it is told what was imported from other systems (docs/migrating.md). A configuration that imports spreads
 * `importTopics` into its own `topics`, and gives a module the right `imports`. What is recorded is the hash of bytes and where
 * they stood; whatever else comes from the source is a claim, and stands under `claims`.
 */
import * as z from 'zod';
import { IMPORT_RECORDED } from '../../ledger/index.ts';

export { IMPORT_RECORDED };

/** All that an import proves. It stands in the ledger, so that nobody has to remember it. */
export const PROVEN_BY_IMPORT = 'that the importer had these bytes when this was recorded; nothing of the time before';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');
const count = z.int().min(0);
const claim = z.string().min(1).max(256);
/** nobody but the importer saw it */
const witnessed = z.literal(false);

export const importTopics = {
  'imports.started': {
    description: 'What a file of another system holds begins to be recorded, by hash',
    versions: {
      1: z.strictObject({
        /** of the file as it was given, compressed or not */
        source: sha256,
        /** its name, without folders */
        name: claim,
        bytes: count,
        format: z.enum(['qldb', 'cloudtrail', 'csv', 'ndjson']),
        /** where entity and claims were taken from */
        mapping: z.strictObject({
          entity: claim,
          time: claim.optional(),
          kind: claim.optional(),
          id: claim.optional(),
          separator: claim.optional(),
        }),
        /** that it will make, and records that cannot be read */
        entries: count,
        unreadable: count,
        witnessed,
        proves: z.literal(PROVEN_BY_IMPORT),
      }),
    },
  },
  [IMPORT_RECORDED]: {
    description: 'A record of another system, by the hash of its bytes',
    versions: {
      1: z.strictObject({
        /** the file, by its SHA-256 */
        source: sha256,
        /** its place among the records of the file, from 1 on; of a table, the header is the first */
        record: z.int().min(1),
        /** line on which it begins, from 1 on, and where its bytes stand in the file (once it is unpacked) */
        line: z.int().min(1),
        offset: count,
        bytes: z.int().min(1),
        sha256,
        /** what the source says, and nobody checked */
        claims: z.strictObject({ time: claim.optional(), kind: claim.optional(), id: claim.optional() }),
        witnessed,
      }),
    },
  },
  'imports.finished': {
    description: 'The file was read to its end',
    versions: {
      1: z.strictObject({
        source: sha256,
        entries: count,
        /** of them that are in the ledger */
        recorded: count,
        /** that are not, and records that could not be read */
        rejected: count,
        /** the first of them */
        rejects: z.array(z.strictObject({ line: z.int().min(1), code: claim })).max(100),
        witnessed,
      }),
    },
  },
} as const;

export function isImportTopic(topic: string): topic is keyof typeof importTopics {
  return Object.hasOwn(importTopics, topic);
}

/** The chain on which an import is told. */
export function importChain(source: string): string {
  return `import:${source}`;
}
