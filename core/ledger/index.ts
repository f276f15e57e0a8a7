export { createAppender } from './append.ts';
export type {
  AppendedEntry,
  Appender,
  AppenderOptions,
  AppendRequest,
  AppendResult,
  PlacedEntry,
} from './append-types.ts';
export { assertEntityId, ENTITY_ID, isReserved, RESERVED_PREFIXES } from './entity-id.ts';
export {
  ENTRY_HEADER,
  entryText,
  genesisHash,
  MAX_NOTE_BYTES,
  parseEntry,
  prepareEntry,
  sealRun,
  sealText,
  type Actor,
  type ActorKind,
  type EntryBody,
  type EntryDraft,
  type ParsedEntry,
  type PreparedEntry,
  type SealedEntry,
} from './entry.ts';
export { LedgerError, type LedgerErrorCode } from './errors.ts';
export type {
  Clock,
  CommitGroup,
  CommitOutcome,
  EntryStore,
  EntryToStore,
  Expectation,
  Ids,
  Item,
  ItemKey,
  ItemStore,
  ItemWrite,
  RootSigner,
  RunToSeal,
  Sealer,
  LoggedEntry,
  StoredEntry,
} from './ports.ts';
export {
  certificateDraft,
  certifiedKeyOf,
  createSessionKey,
  keyChain,
  SYSTEM_ACTOR,
  type CertifiedKey,
  type SessionKey,
} from './session-key.ts';
export {
  formatVerifierKey,
  isSignedBy,
  noteKeyId,
  noteVerifier,
  parseNote,
  parseVerifierKey,
  signatureLine,
  signText,
  type NoteSigner,
  type NoteVerifier,
  type SignedNote,
} from './signed-note.ts';
export { VERDICTS, type Finding, type Verdict, type VerificationReport } from './verification.ts';
export { verifyChain } from './verify-chain.ts';
export { EntryVerifier, findingAt, type EntryVerifierOptions, type TrustedRoot } from './verify-entry.ts';
export {
  joinSegments,
  verifySegment,
  type ChainSpan,
  type LogPair,
  type LogPlace,
  type Segment,
} from './verify-log.ts';
