/** Real transactions through the deployed API, as a user replays them; the total is computed here independently. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { deployed, httpApiUrl, output } from './support/deployed.ts';
import { tokenOf } from './support/oidc-issuer.ts';

const CSV = join(import.meta.dirname, '../samples/berka/trans.csv');
const ROWS = 2_000;

it.skipIf(deployed().kind === 'account')(
  `replays ${ROWS} rows to the same total`,
  async () => {
    const { issuer } = deployed();
    const principals = ['bank-feed', 'reporting', 'eva'];
    const tokens = await Promise.all(principals.map(async (id) => [id, await tokenOf(issuer, id)] as const));
    const url = httpApiUrl(output('ApiId'));
    const args = [
      '--json',
      '--limit',
      String(ROWS),
      '--url',
      url,
      '--token',
      JSON.stringify(Object.fromEntries(tokens)),
    ];
    const child = spawn(process.execPath, ['examples/berka/replay.ts', CSV, ...args]);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect({ stderr, status: child.exitCode }).toEqual({ stderr: '', status: 0 });

    const rows = readFileSync(CSV, 'utf8')
      .split('\n')
      .slice(1, ROWS + 1)
      .map((line) => line.split(';'));
    const cents = rows.reduce(
      (sum, row) => sum + Math.round(Number(row[5]) * 100) * (row[3] === '"PRIJEM"' ? 1 : -1),
      0,
    );
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      ...{ events: ROWS, delivered: ROWS, verified: 'OK' },
      entities: new Set(rows.map((row) => row[1])).size,
      signedTotal: (cents / 100).toFixed(2),
    });
  },
  600_000,
);
