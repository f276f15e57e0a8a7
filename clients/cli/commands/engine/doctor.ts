/** `nervous doctor`: is everything there that the engine and its users need? Changes nothing, unless told to rebuild an index. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ValidationReport } from '../../../../core/system/index.ts';
import { orBlank } from '../../../../core/values/index.ts';
import { createClient } from '../../../sdk/index.ts';
import { connectedCommand, targetOf, type ConnectOptions } from '../../connection/connect.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { DEFAULT_CONFIG, loadConfig } from '../../connection/load-config.ts';
import { show } from '../../output/output.ts';

interface DoctorOptions extends ConnectOptions {
  readonly config: string;
  readonly rebuildIndex?: true;
}

type Check = ValidationReport['checks'][number];

const DEFAULT_DATA = '.data';
const MAX_CLOCK_SKEW_MS = 5_000;
const OTHERS_MAY = 0o077;

export function doctorCommand(): Command {
  return connectedCommand()
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--rebuild-index', 'rebuild the indices by which change-sets and events are found; stop the engine first')
    .action(async (options: DoctorOptions) => {
      const data = options.data ?? DEFAULT_DATA;
      if (options.rebuildIndex === true) {
        const { rebuildIndex } = await import('../../../../adapters/embedded/store/rebuild-index.ts');
        const changeSets = await rebuildIndex(data);
        show(options, { changeSets }, () => `built anew from ${changeSets} open change-sets`);
        return;
      }
      const checks = [
        await check('configuration', () => checkConfig(options.config)),
        await check('data folder', () => checkFolder(data)),
        await check('keys', () => checkKeys(data)),
        await check('confidential fields', () => checkFields(data)),
        await check('indices', () => checkIndices(data)),
        await check('reachability', () => checkReachable(options)),
        await check('clock', () => checkClock(options)),
        ...(await serviceChecks(options)),
      ];
      const ok = checks.every((one) => one.ok);
      show(options, { ok, checks }, () => checks.map(lineOf).join('\n'));
      if (!ok) process.exitCode = EXIT.problem;
    });
}

async function check(name: string, run: () => string | Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await run() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function checkConfig(path: string): Promise<string> {
  const { ledger, topics, modules, roster } = await loadConfig(path);
  const sizeOf = (part: object): number => Object.keys(part).length;
  return `ledger "${ledger}", ${sizeOf(topics)} topics, ${sizeOf(modules)} modules, ${roster.people.length} people`;
}

function checkFolder(data: string): string {
  if (!existsSync(data)) return `"${data}" does not exist yet: "nervous dev" makes it`;
  accessSync(data, constants.R_OK | constants.W_OK);
  return `"${data}" can be read and written`;
}

async function checkKeys(data: string): Promise<string> {
  const key = join(data, 'root.key');
  if (!existsSync(key)) return 'none yet: the first start makes them';
  for (const path of [key, join(data, 'tokens.json'), join(data, 'field.key')]) {
    if (existsSync(path) && (statSync(path).mode & OTHERS_MAY) !== 0)
      throw new Error(`others may read "${path}": chmod 600 it`);
  }
  const { readRootPublicKey } = await import('../../../../adapters/embedded/keys/root-key.ts');
  return `root key of ${readRootPublicKey(data).name}`;
}

/** What stands beside change-sets and the log follows from them; a difference hides something from who looks for it, or miscounts. */
async function checkIndices(data: string): Promise<string> {
  const { checkIndex } = await import('../../../../adapters/embedded/store/rebuild-index.ts');
  const differs = await checkIndex(data);
  if (differs !== undefined) throw new Error(`${differs}: stop the engine and run "nervous doctor --rebuild-index"`);
  return 'inboxes, times and counts agree with the change-sets, and topics with the log';
}

/** A key that does not fit is found out when somebody needs a field: too late. */
async function checkFields(data: string): Promise<string> {
  const { hasLedger, identityOf, openForReading } =
    await import('../../../../adapters/embedded/store/sqlite-schema.ts');
  if (!hasLedger(data)) return 'none yet';
  const { SqliteStore } = await import('../../../../adapters/embedded/store/sqlite-store.ts');
  const { checkFieldKeys } = await import('../../../../adapters/embedded/keys/field-keys.ts');
  const db = openForReading(data);
  try {
    const sealed = { ledger: identityOf(db).ledger, items: new SqliteStore(db) };
    const { fields, webhooks } = await checkFieldKeys(data, sealed);
    const ofFields =
      fields === 0 ? 'none are kept' : `field.key opens the keys of all ${fields} entities that have some`;
    return webhooks === 0 ? ofFields : `${ofFields}; field.key opens all ${webhooks} secrets and keys of webhooks`;
  } finally {
    db.close();
  }
}

async function checkReachable(options: DoctorOptions): Promise<string> {
  const target = targetOf(options);
  await createClient(target).health();
  return `${target.url} answers`;
}

/** Against the service's Date header, which has whole seconds. */
async function checkClock(options: DoctorOptions): Promise<string> {
  let servedAt = Number.NaN;
  const listening: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    servedAt = Date.parse(orBlank(response.headers.get('date')));
    return response;
  };
  await createClient({ ...targetOf(options), fetch: listening }).health();
  if (Number.isNaN(servedAt)) return 'the service does not tell its time';
  const skewMs = Math.abs(Date.now() - servedAt);
  if (skewMs > MAX_CLOCK_SKEW_MS)
    throw new Error(`this clock and the service's are ${skewMs} ms apart: synchronise them`);
  return "agrees with the service's";
}

/** What the service finds when it looks at itself; asked for only with a token. */
async function serviceChecks(options: DoctorOptions): Promise<Check[]> {
  if (options.token === undefined && options.as === undefined) return [];
  let checks: ValidationReport['checks'] = [];
  const asked = await check('service', async () => {
    ({ checks } = await createClient(targetOf(options)).dependencies());
    return 'tells about itself';
  });
  return [asked, ...checks.map((one) => ({ ...one, name: `service: ${one.name}` }))];
}

function lineOf({ name, ok, detail }: Check): string {
  return `${ok ? 'ok  ' : 'FAIL'}  ${name}: ${detail}`;
}
