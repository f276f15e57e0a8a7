/** Proves that every import rule fires: for each rule a planted file breaks it, and the real tree breaks none. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const { forbidden } = require('../../.dependency-cruiser.cjs') as {
  readonly forbidden: readonly { readonly name: string }[];
};
/** area -> its folders, from the ground up */
const rooms = require('../../.dependency-rooms.cjs') as Readonly<Record<string, readonly string[]>>;
const rules = new Set(forbidden.map(({ name }) => name));
/** Areas that are small enough to be one room. */
const ONE_ROOM = [
  'core/assertions',
  'core/brands',
  'core/canonical',
  'core/errors',
  'core/values',
  'core/guard',
  'core/lake',
  'core/policy',
  'core/work',
  'adapters/machine',
  'adapters/memory',
  'clients/sdk',
];

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

async function violations(...folders: string[]): Promise<Violation[]> {
  const args = [
    '--no-install',
    'depcruise',
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    ...folders,
  ];
  const { stdout } = await run('npx', args, { maxBuffer: 64 * 1024 * 1024 });
  const { summary, modules } = JSON.parse(stdout) as { summary: { violations: Violation[] }; modules: unknown[] };
  expect(modules.length).toBeGreaterThan(10); // a checker that sees nothing finds nothing
  return summary.violations;
}

/** The folders of `under` that hold modules: what git leaves empty has none, and clients in other languages import nothing of ours. */
function folders(under: string): string[] {
  const holdsModules = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => /\.tsx?$/.test(name));
  return readdirSync(join(import.meta.dirname, '../..', under), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && holdsModules(join(entry.parentPath, entry.name)))
    .map(({ name }) => name);
}

const PLANTED: Record<string, string> = {
  'no-circular': 'core/canonical/circle-a.ts',
  'core-stands-alone': 'core/ledger/knows-adapter.ts',
  'core-npm-allowlist': 'core/ledger/uses-commander.ts',
  'core-node-allowlist': 'core/ledger/reads-files.ts',
  'core-area-entry-point': 'core/ledger/enters-by-the-window.ts',
  'outsiders-use-core-entry-point': 'api/enters-by-the-window.ts',
  'api-sees-only-core': 'api/knows-adapter.ts',
  'api-node-allowlist': 'api/does-io.ts',
  'adapters-see-core-and-api': 'adapters/embedded/knows-client.ts',
  'adapters-are-strangers': 'adapters/embedded/leans-on-memory.ts',
  'sqlite-only-in-embedded': 'adapters/memory/uses-sqlite.ts',
  'clients-see-core-and-api': 'clients/sdk/starts-engine.ts',
  'cli-starts-only-embedded': 'clients/cli/starts-memory.ts',
  'console-is-a-client': 'console/src/knows-adapter.ts',
  'nobody-knows-the-console': 'clients/sdk/knows-console.ts',
  'aws-sdk-only-in-aws-adapter': 'lambdas/publish/uses-sdk.ts',
  'testing-needs-no-machine': 'testing/needs-lambda.ts',
  'nobody-ships-testing': 'clients/cli/ships-testing.ts',
  'nobody-knows-packages': 'clients/sdk/knows-package.ts',
  'lambdas-are-shells': 'lambdas/publish/knows-other.ts',
  'lib-sees-contracts-of-lambdas': 'lib/knows-handler.ts',
  'bin-sees-only-lib': 'bin/knows-adapter.ts',
  'cdk-only-in-lib': 'lambdas/publish/uses-cdk.ts',
  'no-test-in-product': 'clients/sdk/imports-test.ts',
  'rooms-of-core-ledger': 'core/ledger/merkle/knows-verification.ts',
  'rooms-of-core-events': 'core/events/catalog/knows-publishing.ts',
  'rooms-of-core-changes': 'core/changes/model/knows-replay.ts',
  'rooms-of-core-system': 'core/system/contract/knows-assembly.ts',
  'rooms-of-adapters-aws': 'adapters/aws/dynamo/knows-wiring.ts',
  'rooms-of-adapters-embedded': 'adapters/embedded/store/knows-engine.ts',
  'rooms-of-clients-sdk': 'clients/sdk/connection/knows-reading.ts',
  'rooms-of-clients-outbox': 'clients/outbox/publishing/knows-postgres.ts',
  'rooms-of-clients-cli': 'clients/cli/output/knows-commands.ts',
};

describe('import rules', () => {
  it('fire on every planted violation', async () => {
    const found = await violations('test/architecture/planted');
    for (const [rule, file] of Object.entries(PLANTED)) {
      expect(
        found.map(({ from, rule: { name } }) => `${name} ${from}`),
        rule,
      ).toContain(`${rule} test/architecture/planted/${file}`);
    }
  });

  it('are all proven', () => {
    expect(Object.keys(PLANTED).sort()).toEqual([...rules].sort());
  });

  it.each(['core', 'adapters', 'clients'])('know every room of %s, and none that is gone', (layer) => {
    const areas = folders(layer).map((area) => `${layer}/${area}`);
    expect(areas.filter((area) => rooms[area] === undefined && !ONE_ROOM.includes(area))).toEqual([]);
    for (const area of areas) expect([...(rooms[area] ?? [])].sort(), area).toEqual(folders(area).sort());
  });

  it('are broken nowhere in the product', async () => {
    const found = await violations(
      ...[
        'core',
        'api',
        'adapters',
        'lambdas',
        'lib',
        'bin',
        'clients',
        'console',
        'testing',
        'packages',
        'packaging',
        'site',
      ],
    );
    expect(found.map(({ from, rule }) => `${rule.name} ${from}`)).toEqual([]);
  });
});
