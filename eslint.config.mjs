import tseslint from 'typescript-eslint';
import { brands } from './eslint.brands.mjs';

const CORE_HAS_NO_CLOCK = 'core has no clock: take a Clock port';
const CORE_HAS_NO_RANDOMNESS = 'core has no randomness: take an Ids port';
const CORE_HAS_NO_ENVIRONMENT = 'core knows no environment, network or console';
/** Neither the compiler nor a reader can follow what a Proxy pretends to be. */
const NO_PROXY = {
  selector: "NewExpression[callee.name='Proxy'], CallExpression[callee.object.name='Proxy']",
  message: 'no Proxy: say what the part answers, or do not have it',
};
/** Where a brand (core/brands) is made: what hashes, parses, asks a schema or reads the clock. Nothing else may say that text is one. */
const CHECKS = [
  'core/brands/time.ts',
  'core/canonical/hash.ts',
  'core/ledger/entries/{entry-place,field-commitment}.ts',
  'core/ledger/merkle/merkle-hash.ts',
  'core/assertions/credential.ts',
  'core/policy/roster.ts',
  'core/values/stored.ts',
  'core/changes/{model/steps,risk/risk-config,recording/approval-topics,operations/content,store/delegation-store}.ts',
  'core/changes/policy/adoption.ts',
  'core/changes/decisions/{decide,delegation}.ts',
  'core/events/catalog/system-topics.ts',
  'api/schemas/**/*.ts',
  'adapters/aws/{dynamo/dynamo-items,verify/segment-json}.ts',
  'adapters/embedded/store/sqlite-store.ts',
  'adapters/machine/system-clock.ts',
  'adapters/memory/test-doubles.ts',
  'test/support/checked.ts',
];

/** What is deployed or run: not the tests, not the benchmarks. */
const PRODUCT = ['core', 'api', 'adapters', 'lambdas', 'clients', 'console', 'testing', 'lib', 'bin'].map(
  (area) => `${area}/**/*.{ts,tsx}`,
);

const NO_INVENTED_DEFAULT =
  'no invented default: must(value, what) where it has to be there; countOf, orNone or orBlank where none is the same';
const INVENTED_DEFAULTS = ["''", '0'].map((raw) => ({
  selector: `LogicalExpression[operator='??'][right.raw="${raw}"]`,
  message: NO_INVENTED_DEFAULT,
}));

/** A second is no limit on a loaded machine, and a limit is no part of what a test asserts. */
const HASTY_WAITS = [
  ['vi', 'waitFor'],
  ['vi', 'waitUntil'],
  ['expect', 'poll'],
].map(([object, property]) => ({
  ...{ object, property, message: 'it gives up after a second: await eventually(...) of test/support/eventually.ts' },
}));

/** They break the import rules, which test/architecture holds them against, and nothing else looks at them. */
const PLANTED = ['test/architecture/planted/**/*.ts'];
/** Projects of their own, which test/package checks where they are installed: here they have no types. */
const TEMPLATES = [
  'packages/create-nervous-system/template*/**/*.ts',
  'examples/{berka-totals,github-approval,payout-executor,quickstart}/**/*.ts',
];

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'coverage/', '.cache/', '**/*.cjs'] },
  { files: PLANTED, languageOptions: { parser: tseslint.parser } },
  { files: TEMPLATES, extends: [tseslint.configs.strict] },
  {
    files: ['**/*.{ts,tsx}'],
    ignores: [...PLANTED, ...TEMPLATES],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/require-await': 'off', // ports are async by contract; an in-process adapter may not need to wait
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      complexity: ['error', 20],
      'no-console': 'error',
    },
  },
  { files: PRODUCT, rules: { 'no-restricted-syntax': ['error', NO_PROXY, ...INVENTED_DEFAULTS] } },
  {
    files: ['core/**/*.ts', 'api/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: CORE_HAS_NO_RANDOMNESS },
        { object: 'Date', property: 'now', message: CORE_HAS_NO_CLOCK },
        { object: 'performance', property: 'now', message: CORE_HAS_NO_CLOCK },
      ],
      'no-restricted-globals': [
        'error',
        ...['process', 'fetch', 'console', 'setTimeout', 'setInterval', 'performance'].map((name) => ({
          name,
          message: CORE_HAS_NO_ENVIRONMENT,
        })),
      ],
      'no-restricted-syntax': [
        'error',
        NO_PROXY,
        ...INVENTED_DEFAULTS,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: CORE_HAS_NO_CLOCK },
        {
          selector:
            "ImportDeclaration[source.value='node:crypto'] > ImportSpecifier[imported.name=/^random|^generateKey/]",
          message: CORE_HAS_NO_RANDOMNESS,
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts'],
    rules: {
      ...{ 'max-lines-per-function': 'off', 'max-lines': 'off', complexity: 'off', 'no-console': 'off' },
      'no-restricted-properties': ['error', ...HASTY_WAITS],
    },
  },
  { files: ['clients/cli/**/*.ts', 'packaging/**/*.ts', 'site/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.{ts,tsx}'],
    ignores: [...PLANTED, ...TEMPLATES],
    plugins: { brands },
    rules: { 'brands/made-by-checks': 'error', 'brands/no-order-of-text': 'error' },
  },
  { files: CHECKS, rules: { 'brands/made-by-checks': 'off' } },
  { files: ['test/types/**/*.ts'], rules: { 'brands/no-order-of-text': 'off' } },
);
