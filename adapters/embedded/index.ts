export { startEngine, type Engine, type EngineOptions } from './engine.ts';
export { EngineError, type EngineErrorCode } from './errors.ts';
export { verifyDataDir, type VerifyDataDirOptions } from './verify-data-dir.ts';
export { exportDataDir, type ExportOptions } from './export/export-data-dir.ts';
export { ExportError, type ExportErrorCode } from './export/export-error.ts';
export { restoreExport, type Restored, type RestoreOptions } from './export/restore-export.ts';
export { verifyExport, type VerifyExportOptions } from './export/verify-export.ts';
export { listKeys, type ListedKeys } from './list-keys.ts';
export { startWitness, type WitnessServer, type WitnessServerOptions } from './witness-server.ts';
