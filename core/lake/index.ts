export { LakeError, type LakeErrorCode } from './errors.ts';
export { CLASS_NAMES, columnsOf, type ClassName, type Column } from './columns.ts';
export { ENTRY_TYPES, mapEntry, type EntryType, type LakeEntry, type LakeEvent } from './map-entry.ts';
export { attest, expectedFingerprint } from './attest.ts';
export type { LakeFiles, LakeTable } from './ports.ts';
export { exportLake, type ExportedLake, type LakeExport } from './export-lake.ts';
export { readLakeEntries } from './lake-entries.ts';
export { verifyLake, type LakeReport, type LakeToVerify } from './verify-lake.ts';
export { duckDbTables, QUESTIONS, type Question } from './questions.ts';
