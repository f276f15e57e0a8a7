export { sensitive } from '../events/index.ts';
export { ConfigError, defineConfig, type ConfigInput, type NervousConfig } from './config.ts';
export { assembleSystem, type BuiltSystem } from './assemble-system.ts';
export type { FullVerification, Ports } from './ports.ts';
export { createEntryVerifier } from './entry-verifier.ts';
export { verifyEntity, type EntityVerification } from './verify-entity.ts';
export { verifyPart } from './verify-part.ts';
export { createPublicLog, type PublicLogDependencies } from './public-log.ts';
export { verifyDocuments, verifyState, type DocumentSources } from './verify-documents.ts';
export type { Command, CommandKind, CommandResult } from './commands.ts';
export { SystemError, type SystemErrorCode } from './errors.ts';
export type {
  Entities,
  EntityView,
  EntryVerdict,
  EntryView,
  EventTrace,
  Feed,
  FeedPage,
  LedgerScope,
  MonitorReport,
  NervousSystem,
  PublicLogView,
  ValidationReport,
  VerifyRequest,
} from './nervous-system.ts';
export { createNervousSystem } from './create-nervous-system.ts';
export { changing, ingesting, publishing, reading, verifying, type UseCases } from './use-cases.ts';
