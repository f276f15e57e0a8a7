/**
 * Who may import whom (docs/architecture.md). Each rule has a planted violation under test/architecture/planted/
 * which proves that it fires.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const ROOMS = require('./.dependency-rooms.cjs');

const NPM = ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown'];
// The planted tree repeats the real one below this prefix, so one rule set serves both.
const ROOT = '^(?:test/architecture/planted/)?';
const at = (pattern) => `${ROOT}${pattern}`;

const roomOrder = Object.entries(ROOMS).flatMap(([area, rooms]) =>
  rooms.map((room, floor) => ({
    name: `rooms-of-${area.replace('/', '-')}`,
    severity: 'error',
    comment: 'a room stands on those before it (.dependency-rooms.cjs)',
    from: { path: at(`${area}/${room}/`) },
    to: { path: at(`${area}/(?!(?:${rooms.slice(0, floor + 1).join('|')})/)`) },
  })),
);

module.exports = {
  forbidden: [
    ...roomOrder,
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'a cycle has no reading order',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-stands-alone',
      severity: 'error',
      comment: 'core/ is the rules; it may not know who runs it',
      from: { path: at('core/') },
      to: { path: at('(api|adapters|lambdas|lib|bin|clients|examples|bench|test/(?!architecture))/') },
    },
    {
      name: 'core-npm-allowlist',
      severity: 'error',
      comment: 'zod, rfc6902 (docs/adr/0003), and ipaddr.js for the addresses of webhooks',
      from: { path: at('core/') },
      to: { dependencyTypes: NPM, pathNot: 'node_modules/(zod|rfc6902|ipaddr\\.js)/' },
    },
    {
      name: 'core-node-allowlist',
      severity: 'error',
      comment: 'core does no I/O',
      from: { path: at('core/') },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'core-area-entry-point',
      severity: 'error',
      comment: 'enter another core area through its index.ts',
      from: { path: at('core/([^/]+)/') },
      to: { path: at('core/([^/]+)/'), pathNot: [at('core/$1/'), at('core/[^/]+/index\\.ts$')] },
    },
    {
      name: 'outsiders-use-core-entry-point',
      severity: 'error',
      comment: 'enter a core area through its index.ts',
      from: {
        path: at('(api|adapters|lambdas|lib|bin|clients|console|testing|examples|bench|packages|packaging|site)/'),
      },
      to: { path: at('core/'), pathNot: at('core/[^/]+/index\\.ts$') },
    },
    {
      name: 'api-sees-only-core',
      severity: 'error',
      comment: 'the HTTP contract is transport-free',
      from: { path: at('api/') },
      to: { path: at('(adapters|lambdas|lib|bin|clients)/') },
    },
    {
      name: 'api-node-allowlist',
      severity: 'error',
      comment: 'the HTTP contract does no I/O',
      from: { path: at('api/') },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'adapters-see-core-and-api',
      severity: 'error',
      comment: 'adapters serve ports; they do not know their users',
      from: { path: at('adapters/') },
      to: { path: at('(lambdas|lib|bin|clients|examples|bench)/') },
    },
    {
      name: 'adapters-are-strangers',
      severity: 'error',
      comment: 'one technology does not lean on another; what every machine has is in adapters/machine',
      from: { path: at('adapters/([^/]+)/') },
      to: { path: at('adapters/([^/]+)/'), pathNot: [at('adapters/$1/'), at('adapters/machine/')] },
    },
    {
      name: 'sqlite-only-in-embedded',
      severity: 'error',
      comment: "SQLite is the embedded adapter's secret",
      from: { path: at('(core|api|adapters/(?!embedded/)[^/]+|lambdas|lib|bin|clients|testing)/') },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'aws-sdk-only-in-aws-adapter',
      severity: 'error',
      comment: "the AWS SDK is the AWS adapter's secret",
      from: { path: at('(core|api|adapters/(?!aws/)[^/]+|lambdas|lib|bin|clients|testing)/') },
      to: { path: 'node_modules/@aws-sdk/' },
    },
    {
      name: 'clients-see-core-and-api',
      severity: 'error',
      comment: 'only the CLI may start the embedded engine',
      from: { path: at('clients/(?!cli/)') },
      to: { path: at('(adapters|lambdas|lib|bin)/') },
    },
    {
      name: 'console-is-a-client',
      severity: 'error',
      comment: 'the console has what the SDK has, and no power of its own',
      from: { path: at('console/src/') },
      to: { path: at('(adapters|lambdas|lib|bin|testing|packages|packaging|clients/(?!sdk/|cli/output/))') },
    },
    {
      name: 'nobody-knows-the-console',
      severity: 'error',
      comment: 'engines serve the files that were made of it',
      from: { path: at('(core|api|adapters|lambdas|lib|bin|clients|testing|examples|bench)/') },
      to: { path: at('console/') },
    },
    {
      name: 'cli-starts-only-embedded',
      severity: 'error',
      comment: 'only the CLI may start the embedded engine',
      from: { path: at('clients/cli/') },
      to: { path: at('(adapters/(?!embedded/)[^/]+|lambdas|lib|bin)/') },
    },
    {
      name: 'testing-needs-no-machine',
      severity: 'error',
      comment: "modules' own tests run in memory: no AWS, no SQLite, no command line",
      from: { path: at('testing/') },
      to: { path: at('(adapters/aws|lambdas|lib|bin|clients/cli|examples|bench)/') },
    },
    {
      name: 'nobody-ships-testing',
      severity: 'error',
      comment: 'what tests modules is for tests',
      from: { path: at('(core|api|adapters|lambdas|lib|bin|clients)/') },
      to: { path: at('testing/') },
    },
    {
      name: 'nobody-knows-packages',
      severity: 'error',
      comment: 'what is published is made of the product, which does not know how',
      from: { path: at('(core|api|adapters|lambdas|lib|bin|clients|testing|examples|bench)/') },
      to: { path: at('(packages|packaging|site)/') },
    },
    {
      name: 'lambdas-are-shells',
      severity: 'error',
      comment: 'a function wires the AWS adapter to core and api, and stands alone beside _middleware',
      from: { path: at('lambdas/([^/]+)/') },
      to: {
        path: at('(lambdas|adapters|lib|bin|clients|examples|bench)/'),
        pathNot: [at('adapters/aws/'), at('lambdas/_middleware/'), at('lambdas/$1/')],
      },
    },
    {
      name: 'lib-sees-contracts-of-lambdas',
      severity: 'error',
      comment: 'infrastructure knows what a function needs and may do, not what it does',
      from: { path: at('lib/') },
      to: {
        path: at('(lambdas|adapters|bin|clients|examples|bench)/'),
        pathNot: at('lambdas/[^/]+/(env|permissions)\\.ts$'),
      },
    },
    {
      name: 'bin-sees-only-lib',
      severity: 'error',
      comment: 'the CDK entry decides nothing',
      from: { path: at('bin/') },
      to: { path: at('(api|lambdas|adapters|clients|examples|bench)/') },
    },
    {
      name: 'cdk-only-in-lib',
      severity: 'error',
      comment: 'the CDK runs at synth, never in a function',
      from: { path: at('(core|api|adapters|lambdas|clients|testing)/') },
      to: { path: 'node_modules/(aws-cdk-lib|constructs|cdk-nag)/' },
    },
    {
      name: 'no-test-in-product',
      severity: 'error',
      comment: 'product code never imports test code',
      from: { path: at('(core|api|adapters|lambdas|lib|bin|clients|console/src|testing|examples)/') },
      to: { path: '^test/(?!architecture/planted/)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.d.ts'],
    },
  },
};
