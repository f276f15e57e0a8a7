/**
 * Cold starts of the functions on AWS: each bundle as it is deployed, imported by a fresh process until its handler can be
 * called. KMS is played by a server here, so no network counts; Lambda's own time to make a process does not count either.
 */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { bundleOptions } from '../../lib/functions/bundling.ts';
import { percentile, round, withTempDir } from '../support/measure.ts';
import { markdown } from '../support/page.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUNS = 11;
const GOAL_MS = 300;
/** What every function can be told; each takes what its env.ts asks for. */
const VARIABLES = {
  ...{ ENTRIES_TABLE: 'entries', STATE_TABLE: 'state', ROOT_KEY_ID: 'key', STAGE: 'bench', LOG_BUCKET: 'log' },
  ...{ BUS_PREFIX: 'nervous', SUBSCRIPTION_PREFIX: 'nervous-sub', RECONCILER_FUNCTION: 'reconciler' },
  VERIFY_FUNCTION: 'verify',
  ...{ WAKE_QUEUE_URL: 'https://sqs/1/wake', INGEST_QUEUE_URL: 'https://sqs/1/ingest' },
  STATE_MACHINE_ARN: 'arn:aws:states:us-east-1:1:stateMachine:changes',
  DEAD_LETTER_QUEUE_ARN: 'arn:aws:sqs:us-east-1:1:dead',
  DEAD_LETTER_FIFO_QUEUE_ARN: 'arn:aws:sqs:us-east-1:1:dead.fifo',
  SENDER_ROLE_ARNS: 'arn:aws:iam::1:role/sender',
  UNDELIVERED_QUEUE_ARN: 'arn:aws:sqs:us-east-1:1:undelivered',
  UNDELIVERED_QUEUE_URL: 'https://sqs/1/undelivered',
  ...{ DATA_KEY_ID: 'data', ANCHOR_BUCKET: 'anchors' },
  ...{ WITNESS_FUNCTION: 'witness', WITNESS_KEY_ID: 'witness', WITNESS_TABLE: 'witness' },
  ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
};

/** Prints how long the import took, and the processor's share of it, in ms. */
const IMPORT = `const t = performance.now(), cpu = process.cpuUsage(); const { handler } = await import(process.argv[1]);
if (typeof handler !== 'function') throw new Error('no handler'); const { user, system } = process.cpuUsage(cpu);
console.log('cold ' + (performance.now() - t) + ' ' + (user + system) / 1000); process.exit(0);`;

/** Median time and median processor time, in ms: on a busy machine the second says more. */
export async function benchColdStart(): Promise<Record<string, number>> {
  const names = readdirSync(`${ROOT}lambdas`).filter((name) => existsSync(`${ROOT}lambdas/${name}/handler.ts`));
  const kms = await startKms();
  const figures: Record<string, number> = {};
  try {
    for (const name of names) {
      const times = await withTempDir((dir) => coldStarts(name, dir, kms.url));
      figures[`${name} ms`] = median(times.map(({ ms }) => ms));
      figures[`${name} cpu ms`] = median(times.map(({ cpuMs }) => cpuMs));
    }
  } finally {
    kms.close();
  }
  return figures;
}

/** For docs/performance.md. */
export function coldStartTable(figures: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(figures).flatMap((name) => (name.endsWith(' cpu ms') ? [name.slice(0, -7)] : []));
  const rows = names.map((name) => {
    const [ms, cpuMs] = [Number(figures[`${name} ms`]), Number(figures[`${name} cpu ms`])];
    return [`\`${name}\``, String(ms), String(cpuMs), ms <= GOAL_MS ? 'met' : '**missed**'];
  });
  const run = `Run of ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, Node ${process.version}, load ${round(loadavg()[0] ?? NaN)}; medians of ${RUNS} starts.`;
  return `${run}\n\n${markdown([['function', 'ms', 'of them processor ms', `≤ ${GOAL_MS} ms`], ...rows])}`;
}

function median(values: readonly number[]): number {
  return round(
    percentile(
      values.toSorted((a, b) => a - b),
      0.5,
    ),
  );
}

interface ColdStart {
  readonly ms: number;
  readonly cpuMs: number;
}

async function coldStarts(name: string, dir: string, endpoint: string): Promise<readonly ColdStart[]> {
  const outfile = join(dir, 'index.mjs');
  await build({ ...bundleOptions(`${ROOT}lambdas/${name}/handler.ts`, `${ROOT}nervous.config.ts`), outfile });
  const env = { PATH: process.env['PATH'], ...VARIABLES, AWS_ENDPOINT_URL: endpoint };
  const times: ColdStart[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', IMPORT, outfile], {
      env,
    });
    const [, ms, cpuMs] = /cold ([\d.]+) ([\d.]+)/.exec(stdout) ?? [];
    times.push({ ms: Number(ms), cpuMs: Number(cpuMs) });
  }
  return times;
}

/** Answers GetPublicKey with a key, everything else with an error. */
async function startKms(): Promise<{ readonly url: string; close(): void }> {
  const { publicKey } = generateKeyPairSync('ed25519');
  const PublicKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const server = createServer((request, response) => {
    const isKnown = request.headers['x-amz-target'] === 'TrentService.GetPublicKey';
    response.writeHead(isKnown ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(isKnown ? { PublicKey } : { __type: 'ValidationException' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
