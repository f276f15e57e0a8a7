export { createAppender } from './append.ts';
export { MAX_AHEAD_MS } from './entry-clock.ts';
export { gatedAppender, type GatedAppender } from './gated-appender.ts';
export { recordRotation, revokeKey, type KeyRecord } from './keys.ts';
export { MAX_CERTIFICATIONS_PER_MINUTE } from './session-keys.ts';
export type {
  AppendedEntry,
  Appender,
  AppenderOptions,
  AppendRequest,
  AppendResult,
  PlacedEntry,
} from './append-types.ts';
export { assertEntityId, ENTITY_ID, isClosedToEvents, isReserved } from './entity-id.ts';
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
} from './entry.ts';
export { LedgerError, type LedgerErrorCode } from './errors.ts';
export { entryProblem } from './entry-rules.ts';
export { eventProblem, TRACEPARENT } from './event-form.ts';
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
  KEY_REVOKED,
  keyChain,
  SYSTEM_ACTOR,
  type CertifiedKey,
  type SessionKey,
} from './session-key.ts';
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
} from './signed-note.ts';
export {
  logFinding,
  THE_LOG,
  VERDICTS,
  type Finding,
  type TrustedPoint,
  type Verdict,
  type VerificationReport,
} from './verification.ts';
export { holdAgainst, type AgainstOptions, type Agreement, type VerifiedTree } from './verify-against.ts';
export { checkTile, publishedEntry, type FilesToCheck } from './verify-files.ts';
export { LogMembership } from './verify-membership.ts';
export { readAnchor, readPoints, trustedPoint, type Point, type Points, type PointSources } from './verify-points.ts';
export { verifyWindow, type Scope, type Window, type WindowOptions } from './verify-window.ts';
export { commitInOrder } from './commit-in-order.ts';
export { KnownChains, type KnownRun } from './known-chains.ts';
export { RememberingVerifier } from './remembering-verifier.ts';
export { verifyChain, type ChainLinks, type ChainPart } from './verify-chain.ts';
export {
  EntryVerifier,
  type CheckedEntry,
  findingAt,
  MAX_REVOCATIONS,
  type EntryVerifierOptions,
  type TrustedRoot,
} from './verify-entry.ts';
export {
  MAX_ROTATIONS,
  ROOT_CHAIN,
  rootHistory,
  rotationDraft,
  rotationOf,
  type RootHistory,
  type Rotation,
} from './root-history.ts';
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
} from './verify-log.ts';
export { readPlace } from './entry-place.ts';
export { TAMPER_CHAIN, TamperError, tamperKey, tamperRecord } from './tamper.ts';
export {
  isDecisive,
  joinReplayIndices,
  ReplayIndexBuilder,
  suspectedDuplicates,
  uniqueKeyOf,
  type ReplayIndex,
  type ReplayReport,
} from './replay-index.ts';
// The Merkle log: proofs, tiles, checkpoints.
export { LogError, type LogErrorCode } from './log-errors.ts';
export { EMPTY_ROOT, HASH_BYTES, perfectRoot } from './merkle-hash.ts';
export { MerkleEdge, merkleRoot, type EdgeState } from './merkle-edge.ts';
export { consistencyProof, inclusionProof, type HashReader, type TreeNode } from './merkle-prove.ts';
export { verifyConsistency, verifyInclusion, type ConsistencyClaim, type InclusionClaim } from './merkle-verify.ts';
export { decodeBundle, encodeBundle, MAX_BUNDLE_ENTRY_BYTES, type ReadBundle } from './tile-bundle.ts';
export { bundlePath, TILE_HEIGHT, TILE_WIDTH, tilePath, tileWidth } from './tile-path.ts';
export { requireBundle, requireTile, tileHashReader, type ReadLogFile } from './tile-reader.ts';
export { growLog, type LogFile, type LogGrowth } from './tile-writer.ts';
export {
  ed25519Key,
  openNote,
  signNote,
  type NoteKey,
  type NoteSignatory,
  type OpenedNote,
  type RefusedNote,
  type VerifiedSignature,
} from './open-note.ts';
export {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  type Checkpoint,
  type OpenedCheckpoint,
} from './checkpoint.ts';
export { cosign, cosignatureTime, cosignedText, cosignerKey, formatCosignerKey } from './checkpoint-cosignature.ts';
export { parseLogKey, type LogKey } from './log-keys.ts';
export { fsckLog, type FsckFinding, type FsckOptions, type FsckReport } from './fsck.ts';
export type { AnchorStore, LogFiles, Witness } from './log-ports.ts';
export {
  createLogPublisher,
  HEARTBEAT_MS,
  type LogPublisher,
  type LogPublisherOptions,
  type PublishedLog,
} from './publish-log.ts';
export {
  createWitness,
  type Remembered,
  type WitnessAnswer,
  type WitnessMemory,
  type WitnessOptions,
} from './witness.ts';
export { addCheckpointBody } from './witness-request.ts';
export { checkProof, formatProof, parseProof, proveEntry, type CheckedProof, type LogProof } from './log-proof.ts';
export { commitField, SALT_BYTES, type FieldCommitment } from './field-commitment.ts';
// Exports: a log that is all there is; and what goes on after a loss.
export { bundlePairs, keyEntriesIn, placeIn, readEntries, type PublishedLogFiles } from './export-pairs.ts';
export { EXPORT_FILES, EXPORT_FORMAT, parseManifest, type ExportManifest } from './export-manifest.ts';
export { incarnationDraft, LOG_CHAIN, logOrigin, logSigner } from './incarnation.ts';
