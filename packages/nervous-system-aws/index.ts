/** The whole system as constructs, for a CDK app of one's own: `new NervousSystem(app, 'Nervous', { config, jwt })`. */
export { NervousSystem, type NervousSystemProps } from '../../lib/nervous-system.ts';
export { ExecutorFunction, type ExecutorFunctionProps } from '../../lib/functions/executor-function.ts';
export type { LedgerResources } from '../../lib/ledger-resources.ts';
export { STAGES, type StageName, type StageSettings } from '../../lib/environments.ts';
export { ContextError, readContext, type AppContext } from '../../lib/context.ts';
export { DEFAULT_AWS_SOURCES } from '../../lib/deployment.ts';
export { importConfig } from '../../lib/import-config.ts';
