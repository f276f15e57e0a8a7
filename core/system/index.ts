export { ConfigError, defineConfig, type ConfigInput, type NervousConfig } from './config.ts';
export { createEntryVerifier, createNervousSystem, type BuiltSystem, type Ports } from './create-nervous-system.ts';
export { verifyEntity } from './entities.ts';
export { createPublicLog, type PublicLogDependencies } from './public-log.ts';
export { verifyDocuments, type DocumentSources } from './verify-documents.ts';
export type { Command, CommandKind, CommandResult } from './commands.ts';
export { SystemError, type SystemErrorCode } from './errors.ts';
export type {
  Entities,
  EntityView,
  EntryView,
  EventTrace,
  Feed,
  FeedPage,
  MonitorReport,
  NervousSystem,
  PublicLogView,
  ValidationReport,
} from './nervous-system.ts';
