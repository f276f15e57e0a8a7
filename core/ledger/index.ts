export { createAppender } from './append/append.ts';
export { MAX_AHEAD_MS } from './entries/entry-clock.ts';
export { sealInTrees, type TreeSigner } from './append/seal-trees.ts';
export { createGatedAppender, type GatedAppender } from './append/gated-appender.ts';
export { recordRotation, revokeKey, type KeyRecord } from './keys/keys.ts';
export { MAX_CERTIFICATIONS_PER_MINUTE } from './append/session-keys.ts';
export type {
  AppendedEntry,
  Appender,
  AppenderOptions,
  AppendRequest,
  AppendResult,
  PlacedEntry,
} from './append/append-types.ts';
export { ACCESS_RECORDED, accessChain, isAccessChain } from './entries/access-chain.ts';
export {
  assertEntityId,
  ENTITY_ID,
  isClosedToChanges,
  isClosedToEvents,
  isReserved,
  isSessionKeyChain,
} from './entries/entity-id.ts';
export {
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
} from './entries/entry.ts';
export { LedgerError, type LedgerErrorCode } from './entries/errors.ts';
export { IMPORT_RECORDED, isImported } from './entries/imported.ts';
export { eventProblem, TRACEPARENT } from './entries/event-form.ts';
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
} from './entries/ports.ts';
export {
  certificateDraft,
  certifiedKeyOf,
  createSessionKey,
  keyChain,
  SYSTEM_ACTOR,
  type CertifiedKey,
  type SessionKey,
} from './append/session-key.ts';
export {
  batchKeyId,
  batchLeaf,
  batchMessage,
  formatBatchSignature,
  isBatchSignature,
  parseBatchSignature,
  type BatchSignature,
  type BatchTree,
} from './notes/batch-signature.ts';
export { SignedTrees } from './notes/signed-trees.ts';
export {
  formatVerifierKey,
  isSignedBy,
  MAX_ROOT_MESSAGE_BYTES,
  noteKeyId,
  noteVerifier,
  parseNote,
  parseVerifierKey,
  signatureLine,
  signText,
  type NoteSigner,
  type NoteVerifier,
  type SignedNote,
} from './notes/signed-note.ts';
export {
  logFinding,
  nothingChecked,
  VERDICTS,
  type Finding,
  type TrustedPoint,
  type Verdict,
  type VerificationReport,
} from './entries/verification.ts';
export { holdAgainst, type AgainstOptions, type Agreement, type VerifiedTree } from './verify/verify-against.ts';
export { checkTile, publishedEntry, type FilesToCheck } from './verify/verify-files.ts';
export { LogMembership } from './verify/verify-membership.ts';
export { readAnchor, readPoints, type Point, type Points, type PointSources } from './verify/verify-points.ts';
export { verifyWindow, type Scope, type Window, type WindowOptions } from './verify/verify-window.ts';
export { commitInOrder } from './append/commit-in-order.ts';
export {
  BEHIND_BAD,
  BYTES,
  DOCUMENTS,
  DOCUMENT_OF_CHAIN,
  DOCUMENTS_OF_STATE,
  endIn,
  entitledTo,
  heldIn,
  everything,
  FILES,
  inclusionOf,
  INDICES,
  LINKS,
  LINKS_OF_CHAIN,
  ONCE,
  OPERATORS_WORD,
  importedOf,
  IMPORTED_IF_ANY,
  placesUncovered,
  REMOVED_FROM_CHAIN,
  CHAIN_UNSIGNED,
  OTHER_ENTITIES,
  OUTSIDE_EXPORT,
  OUTSIDE_FOLDER,
  RENEWALS,
  SESSIONS,
  advisedIn,
  beforePolicyOf,
  externalIn,
  withoutUnderOf,
  OUTSIDE_STATE,
  tooNewOf,
  COPIED_INDICES,
  anchorsLeftOut,
  rememberedOf,
  SEQUENCER,
  SIGNATURES,
  signaturesOf,
} from './verify/report-words.ts';
export { MODES, WHAT_IS_VERIFIED, type Check, type Mode } from './verify/what-is-verified.ts';
export type { LedgerEntryType } from './verify/entry-rules.ts';
export { verifyProof } from './verify/verify-proof.ts';
export { KnownChains, type KnownRun } from './verify/known-chains.ts';
export { RememberingVerifier } from './verify/remembering-verifier.ts';
export { verifyChain, type ChainLinks, type ChainPart } from './verify/verify-chain.ts';
export {
  EntryVerifier,
  type CheckedEntry,
  findingAt,
  MAX_REVOCATIONS,
  type EntryVerifierOptions,
  type TrustedRoot,
} from './verify/verify-entry.ts';
export {
  MAX_ROTATIONS,
  ROOT_CHAIN,
  rootHistory,
  rotationDraft,
  rotationOf,
  type RootHistory,
  type Rotation,
} from './keys/root-history.ts';
export {
  joinSegments,
  linkFinding,
  isAboutDocument,
  NOT_RECORDED,
  verifySegment,
  type ChainPlace,
  type ChainSpan,
  type LogPair,
  type LogPlace,
  type Segment,
  type SegmentTree,
} from './verify/verify-log.ts';
export { readPlace } from './entries/entry-place.ts';
export { TAMPER_CHAIN, TamperError, tamperKey, tamperRecord } from './append/tamper.ts';
export {
  isDecisive,
  joinReplayIndices,
  replayBuffers,
  ReplayIndexBuilder,
  suspectedDuplicates,
  uniqueKeyOf,
  type ReplayIndex,
  type ReplayReport,
} from './verify/replay-index.ts';
// The Merkle log: proofs, tiles, checkpoints.
export { LogError, type LogErrorCode } from './merkle/log-errors.ts';
export { EMPTY_ROOT, HASH_BYTES, leafAt } from './merkle/merkle-hash.ts';
export { MerkleEdge, merkleRoot, type EdgeState } from './merkle/merkle-edge.ts';
export { consistencyProof, inclusionProof, type HashReader, type TreeNode } from './merkle/merkle-prove.ts';
export {
  verifyConsistency,
  verifyInclusion,
  type ConsistencyClaim,
  type InclusionClaim,
} from './merkle/merkle-verify.ts';
export { decodeBundle, encodeBundle, MAX_BUNDLE_BYTES, type ReadBundle } from './merkle/tile-bundle.ts';
export { bundlePath, TILE_HEIGHT, TILE_WIDTH, tilePath, tileWidth } from './merkle/tile-path.ts';
export { requireBundle, requireTile, tileHashReader, type ReadLogFile } from './merkle/tile-reader.ts';
export { growLog, type LogFile, type LogGrowth } from './merkle/tile-writer.ts';
export {
  ed25519Key,
  openNote,
  signNote,
  type NoteKey,
  type NoteSignatory,
  type OpenedNote,
  type RefusedNote,
  type VerifiedSignature,
} from './notes/open-note.ts';
export {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  type Checkpoint,
  type OpenedCheckpoint,
} from './notes/checkpoint.ts';
export {
  cosign,
  cosignatureTime,
  cosignedText,
  cosignerKey,
  formatCosignerKey,
} from './notes/checkpoint-cosignature.ts';
export { parseLogKey, type LogKey } from './notes/log-keys.ts';
export { fsckLog, type FsckFinding, type FsckOptions, type FsckReport } from './log/fsck.ts';
export type { AnchorStore, LogFiles, Witness } from './log/log-ports.ts';
export {
  createLogPublisher,
  HEARTBEAT_MS,
  type LogPublisher,
  type LogPublisherOptions,
  type PublishedLog,
} from './log/publish-log.ts';
export {
  createWitness,
  type Remembered,
  type WitnessAnswer,
  type WitnessMemory,
  type WitnessOptions,
} from './log/witness.ts';
export { addCheckpointBody } from './log/witness-request.ts';
export { checkProof, formatProof, parseProof, proveEntry, type CheckedProof, type LogProof } from './log/log-proof.ts';
export { commitField, SALT_BYTES, type FieldCommitment } from './entries/field-commitment.ts';
// Exports: a log that is all there is; and what goes on after a loss.
export { bundlePairs, keyEntriesIn, readEntries, type PublishedLogFiles } from './export/export-pairs.ts';
export { EXPORT_FILES, EXPORT_FORMAT, parseManifest, type ExportManifest } from './export/export-manifest.ts';
export { incarnationDraft, LOG_CHAIN, logOrigin, logSigner } from './log/incarnation.ts';
