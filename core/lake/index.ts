export { LakeError, type LakeErrorCode } from './errors.ts';
export { CLASS_NAMES, columnsOf, type ClassName, type Column } from './columns.ts';
export { ENTRY_TYPES, mapEntry, type EntryType, type LakeEntry, type LakeEvent } from './map-entry.ts';
export { attest, expectedFingerprint } from './attest.ts';
export type { LakeFiles, LakeTable } from './ports.ts';
