/**
 * The rooms of each area, from the ground up: a room may import from those before it. What lies beside the rooms (index.ts, the
 * engine, the program) stands on all of them. A folder that is not named here fails test/architecture.
 */
module.exports = {
  'core/ledger': ['merkle', 'notes', 'entries', 'append', 'log', 'keys', 'verify', 'export'],
  'core/events': ['catalog', 'pattern', 'envelope', 'confidential', 'protection', 'subscriptions', 'publishing'],
  'core/changes': [
    'model',
    'store',
    'operations',
    'risk',
    'policy',
    'reducer',
    'lint',
    'replay',
    'recording',
    'decisions',
    'views',
    'proposals',
    'execution',
    'workflow',
    'use-cases',
  ],
  'core/system': ['config', 'operations', 'map', 'contract', 'feed', 'verify', 'monitor', 'assembly'],
  'adapters/aws': [
    'bus',
    'http',
    'bundling',
    'relay',
    'request',
    'dynamo',
    'log',
    'keys',
    'guard',
    'workflow',
    'subscriptions',
    'verify',
    'wiring',
  ],
  'adapters/embedded': ['machine', 'bus', 'log', 'store', 'keys', 'runtime', 'audit', 'http', 'export'],
  'clients/cli': ['output', 'input', 'connection', 'commands'],
};
