/**
 * What is verified: every check there is, in which modes, how a report says it, and what it finds. Threads, legs, functions and the
 * command line decide where it runs, never what it is. docs/auditing.md shows this table.
 */
import type { Verdict } from '../entries/verification.ts';
import {
  BYTES,
  DOCUMENTS,
  DOCUMENTS_WITHIN,
  DOCUMENT_OF_CHAIN,
  DOCUMENTS_OF_STATE,
  endIn,
  entitledTo,
  FIELDS,
  FILES,
  heldIn,
  inclusionOf,
  INDICES,
  LINKS,
  LINKS_WITHIN,
  LINKS_OF_CHAIN,
  ONCE,
  OUTSIDE_EXPORT,
  WHO_WAS_ENTITLED,
  REMOVED_END,
  PRESENCE,
  provenIn,
  ROOTS,
  SEQUENCER,
  SIGNATURES,
  tilesOf,
} from './report-words.ts';

/** What is asked for, and what it does. */
export const MODES = {
  full: 'verify every entry, the log and the documents',
  since: 'verify that the log begins with the checkpoint in the file, and what came after it',
  range: 'verify these log indices',
  entity: 'verify one chain, its place in the log, and its document',
  state: 'verify the documents against the ledger',
  export: 'verify what was exported, offline',
  proof: 'verify a proof that the service gave out',
} as const;
export type Mode = keyof typeof MODES;

export interface Check {
  readonly what: string;
  /** the modes that look at it, each with the words of its report; `#` stands for a number or a name */
  readonly says: Readonly<Partial<Record<Mode, string>>>;
  /** what a report of such a mode says that had to leave it out */
  readonly leftOut?: string;
  readonly finds: readonly Verdict[];
}

const LOG = ['full', 'since', 'range', 'export'] as const;
const WHOLE = ['full', 'export'] as const;
const PART = ['since', 'range'] as const;
/** Authority begins with the first entry of the ledger. */
const REPLAYED = ['full', 'state', 'export'] as const;
const ANY = '#';

/** In the order in which reports say it. */
export const WHAT_IS_VERIFIED: readonly Check[] = [
  {
    what: 'each entry: its bytes are canonical and give its recorded hash',
    says: by([...LOG, 'entity'], BYTES),
    finds: ['CONTENT_MISMATCH', 'UNREADABLE'],
  },
  {
    what: 'each entry names the one before it in its chain, and stands where it says',
    says: { ...by(WHOLE, LINKS), ...by(PART, LINKS_WITHIN), entity: LINKS_OF_CHAIN },
    finds: ['LINK_BROKEN', 'MISSING_ENTRY', 'FORK'],
  },
  {
    what: 'every log index has its entry',
    says: by(LOG, PRESENCE),
    finds: ['MISSING_ENTRY', 'LINK_BROKEN', 'UNREADABLE'],
  },
  {
    what: "each entry's signatures, up to the root key",
    says: by([...LOG, 'entity'], SIGNATURES),
    leftOut: SIGNATURES,
    finds: ['SIGNATURE_INVALID', 'KEY_UNKNOWN', 'KEY_REVOKED'],
  },
  {
    what: 'the published tiles and bundles, against the entries',
    says: by(LOG, tilesOf(ANY)),
    finds: ['CONTENT_MISMATCH', 'LINK_BROKEN', 'MISSING_ENTRY', 'UNREADABLE'],
  },
  {
    what: 'the root of the log, at everything that was signed or kept of it',
    says: by(LOG, ROOTS),
    leftOut: REMOVED_END,
    finds: [
      ...(['FORK', 'ROLLED_BACK', 'STALE', 'NOT_YET_ANCHORED', 'SIGNATURE_INVALID', 'KEY_UNKNOWN'] as const),
      ...(['MISSING_ENTRY', 'CONTENT_MISMATCH', 'UNREADABLE'] as const),
    ],
  },
  {
    what: 'nothing was recorded twice',
    says: by(REPLAYED, ONCE),
    leftOut: WHO_WAS_ENTITLED,
    finds: ['DUPLICATE_ENTRY'],
  },
  {
    what: 'who was entitled to each decision',
    says: by(REPLAYED, entitledTo(ANY)),
    leftOut: WHO_WAS_ENTITLED,
    finds: ['UNAUTHORIZED_DECISION'],
  },
  {
    what: 'who held which work, and what was done under claims',
    says: by(REPLAYED, heldIn(ANY, ANY)),
    leftOut: WHO_WAS_ENTITLED,
    finds: ['CLAIM_INVALID', 'STALE_EFFECT'],
  },
  {
    what: 'confidential fields, against the commitments (data folders)',
    says: { full: FIELDS },
    leftOut: FIELDS,
    finds: ['DRIFT', 'CONTENT_MISMATCH', 'UNREADABLE'],
  },
  {
    what: "the sequencer's records (AWS)",
    says: { full: SEQUENCER },
    finds: ['MISSING_ENTRY', 'LINK_BROKEN', 'CONTENT_MISMATCH', 'UNREADABLE'],
  },
  {
    what: 'documents, against the change-sets of their chains',
    says: { full: DOCUMENTS, ...by(PART, DOCUMENTS_WITHIN), entity: DOCUMENT_OF_CHAIN, state: DOCUMENTS_OF_STATE },
    leftOut: OUTSIDE_EXPORT.documents,
    finds: ['DRIFT', 'UNREADABLE'],
  },
  {
    what: "the chain's entries are in the published log",
    says: { entity: inclusionOf(ANY) },
    finds: ['CONTENT_MISMATCH', 'LINK_BROKEN', 'MISSING_ENTRY', 'UNREADABLE'],
  },
  {
    what: 'the log has no later entry of the chain',
    says: { entity: endIn(ANY) },
    finds: ['MISSING_ENTRY'],
  },
  {
    what: 'what change-sets and events are found and counted by',
    says: { state: INDICES },
    finds: ['DRIFT', 'UNREADABLE'],
  },
  {
    what: 'the files beside the exported log',
    says: { export: FILES },
    finds: ['CONTENT_MISMATCH', 'UNREADABLE'],
  },
  {
    what: 'the entry of a proof is in a signed log',
    says: { proof: provenIn(ANY, { index: ANY, size: ANY, by: ANY }) },
    finds: ['SIGNATURE_INVALID', 'KEY_UNKNOWN', 'CONTENT_MISMATCH', 'UNREADABLE'],
  },
];

function by(modes: readonly Mode[], words: string): Partial<Record<Mode, string>> {
  return Object.fromEntries(modes.map((mode) => [mode, words]));
}
