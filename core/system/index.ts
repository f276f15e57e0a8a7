export { ConfigError, defineConfig, type ConfigInput, type NervousConfig } from './config.ts';
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
  ValidationReport,
} from './nervous-system.ts';
