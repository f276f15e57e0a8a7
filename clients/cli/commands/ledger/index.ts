/** Commands about entries, verification and keys, loaded together. */
export { accessCommand } from './access.ts';
export { canonicalizeCommand } from './canonicalize.ts';
export { showEntityCommand } from './entity.ts';
export { exportCommand } from './export.ts';
export { historyCommand } from './history.ts';
export { askLakeCommand, exportLakeCommand, verifyLakeCommand } from './lake.ts';
export { auditKeysCommand, listKeysCommand, revokeKeyCommand, rotateKeyCommand } from './keys.ts';
export { proofCommand } from './proof.ts';
export { restoreCommand } from './restore.ts';
export { revealCommand } from './reveal.ts';
export {
  verifyEntityCommand,
  verifyFullCommand,
  verifyProofCommand,
  verifyRangeCommand,
  verifyRememberCommand,
  verifySinceCommand,
  verifyStateCommand,
} from './verify.ts';
export { verifyExportCommand } from './verify-export.ts';
export { verifyLogCommand } from './verify-log.ts';
export { witnessCommand } from './witness.ts';
