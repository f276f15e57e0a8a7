/** Describes a nervous system: topics, people, modules, risk. Every engine, client and tool reads what `defineConfig` gives. */
export {
  approvalTopics,
  ConfigError,
  defineConfig,
  importTopics,
  sensitive,
  type ConfigInput,
  type NervousConfig,
} from '../../core/system/index.ts';
