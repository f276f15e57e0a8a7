/** What is asked of a thread that verifies entities, and what it answers: plain values, because functions do not cross threads. */
import type { ChainPart, Checkpoint, KnownRun, Points, VerificationReport } from '../../../core/ledger/index.ts';
import type { EntityConclusion, EntityLinks, EntryVerdict } from '../../../core/system/index.ts';
import type { FolderToVerify } from './entity-in-folder.ts';

export interface JobPlace {
  readonly folder: FolderToVerify;
  readonly entityId: string;
  /** one number for all jobs of one verification */
  readonly verification: number;
}

export type EntityJob =
  | (JobPlace & { readonly kind: 'begin' })
  | (JobPlace & {
      readonly kind: 'links';
      readonly part: Omit<ChainPart, 'origin' | 'entity'>;
      /** what whoever asks knows of the chain */
      readonly known: readonly KnownRun[];
      readonly published: Pick<Checkpoint, 'size' | 'root'> | undefined;
    })
  | (JobPlace & { readonly kind: 'conclude' } & Pick<EntityConclusion, 'points' | 'links'>)
  | (JobPlace & { readonly kind: 'page'; readonly from: number; readonly limit: number });

export interface EntityResults {
  readonly begin: Begun;
  /** `remembered`: of the entries, those that were not asked for their signatures */
  readonly links: EntityLinks & { readonly remembered: number };
  readonly conclude: VerificationReport;
  readonly page: readonly EntryVerdict[];
}

export interface Begun {
  readonly points: Points | undefined;
  /** of the chain, when the points had been read */
  readonly entries: number;
}

/** `damaged`: the file could not be read. */
export type EntityAnswer<Kind extends EntityJob['kind'] = EntityJob['kind']> =
  { readonly result: EntityResults[Kind] } | { readonly damaged: VerificationReport };
