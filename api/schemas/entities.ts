/** Entities and their chains. */
import * as z from 'zod';
import { VERDICTS, type EntryBody } from '../../core/ledger/index.ts';
import type { EntityAt, EntityView, EntryVerdict, EntryView } from '../../core/system/index.ts';
import { chainHash, count, documentHash, entityId, instant, jsonObject, position, seq } from './fields.ts';

/** Entries carry their bytes, up to 64 KiB each: a page stays in the low megabytes. */
export const entityPageSize = { min: 1, max: 200, default: 100 };

export const entityViewSchema: z.ZodType<EntityView> = z
  .strictObject({
    entityId,
    head: z.strictObject({ seq, hash: chainHash, at: instant }),
    document: jsonObject.exactOptional().meta({ description: 'as change-sets made it; absent when none did' }),
    version: count.meta({ description: 'of the document; 0 when there is none' }),
  })
  .meta({ id: 'Entity' });

export const entityAtSchema: z.ZodType<EntityAt> = z
  .strictObject({
    entityId,
    entry: z.strictObject({ seq, hash: chainHash, at: instant, position: position.exactOptional() }),
    document: jsonObject.exactOptional(),
    version: count,
    documentHash,
    writtenBy: z.strictObject({ seq, hash: chainHash, at: instant }).exactOptional(),
  })
  .meta({ id: 'EntityAt' });

const entryBodySchema: z.ZodType<EntryBody> = z
  .strictObject({
    v: z.literal(1),
    ledger: z.string(),
    entity: entityId,
    seq,
    prev: chainHash,
    type: z.string(),
    at: instant,
    actor: z.strictObject({
      kind: z.enum(['person', 'agent', 'module', 'service']),
      id: z.string(),
      via: z.string().exactOptional(),
      logic: z.string().exactOptional(),
    }),
    idem: z.string(),
    data: jsonObject,
  })
  .meta({ id: 'EntryBody' });

const entryVerdictSchema: z.ZodType<EntryVerdict> = z
  .strictObject({ verdict: z.enum(VERDICTS), detail: z.string().exactOptional() })
  .meta({ id: 'EntryVerdict' });

const entryViewSchema: z.ZodType<EntryView> = z
  .strictObject({
    seq,
    position: position.exactOptional(),
    hash: chainHash,
    body: entryBodySchema,
    note: z.string().meta({ description: 'the stored bytes: a C2SP signed note whose leaf hash is `hash`' }),
    verification: entryVerdictSchema.exactOptional().meta({
      description:
        'with `verify=1`: bytes, signatures, link, place in the log. NOT_YET_ANCHORED: sound, but too new for an anchor',
    }),
  })
  .meta({ id: 'Entry' });

export interface EntryPage {
  readonly entries: readonly EntryView[];
  /** `from` of the next page; absent at the end of the chain */
  readonly next?: number;
}

export const entryPageSchema: z.ZodType<EntryPage> = z
  .strictObject({ entries: z.array(entryViewSchema), next: seq.exactOptional() })
  .meta({ id: 'EntryPage' });
