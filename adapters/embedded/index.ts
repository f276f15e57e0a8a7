export { startEngine, type Engine } from './engine.ts';
export type { EngineOptions } from './engine-options.ts';
export { backupDataDir, type Backup } from './export/backup.ts';
export { findEngine, type RunningEngine } from './runtime/engine-file.ts';
export { EngineError, type EngineErrorCode } from './machine/errors.ts';
export { verifyDataDir, type VerifyDataDirOptions } from './audit/verify-data-dir.ts';
export {
  openExportSource,
  openFolderSource,
  publishedSource,
  type LedgerSource,
  type SourceEntry,
} from './export/ledger-source.ts';
export { exportDataDir, type ExportOptions } from './export/export-data-dir.ts';
export { type ExportErrorCode } from './export/export-error.ts';
export { restoreExport, type Restored, type RestoreOptions } from './export/restore-export.ts';
export { verifyExport, type VerifyExportOptions } from './export/verify-export.ts';
export { exportToLake, verifyLakeFolder, type LakeOptions } from './lake/lake-of-folder.ts';
export { listKeys, type ListedKeys } from './keys/list-keys.ts';
export { startWitness, type WitnessServer, type WitnessServerOptions } from './http/witness-server.ts';
export { revokeSessionKey, rotateRootKey, type KeyLedgerOptions } from './keys/key-ledger.ts';
export { auditSignatures, type SignatureAudit } from './audit/audit-signatures.ts';
export type { Consumer, Delivery, EventHandler } from './bus/consume.ts';
export type { Functions } from './bus/function-targets.ts';
export type { CreateExecutors, Implementations } from './runtime/executors.ts';
export { openLakeSource } from './lake/lake-source.ts';
