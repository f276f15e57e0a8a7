/** `nervous import`: what is recorded of each kind of file, that it is recorded once however often it is stopped, and what hostile files do. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../../clients/sdk/index.ts';
import { importTopics } from '../../../core/events/index.ts';
import { defineConfig } from '../../../core/system/index.ts';
import { config as sample } from '../../../nervous.config.ts';

const SAMPLES = join(import.meta.dirname, '../../samples/imports');
const folder = mkdtempSync(join(tmpdir(), 'nervous-import-'));
const config = defineConfig({
  ...sample,
  topics: { ...sample.topics, ...importTopics },
  modules: {
    ...sample.modules,
    importer: {
      ...{ publishes: ['imports.*'], reads: ['*'] },
      imports: ['account:*', 'cloudtrail:*', 'VehicleRegistration:*', 'Person:*'],
    },
  },
  protection: { storm: { topics: { 'imports.recorded': 'unlimited' } } },
});
let engine: Engine;
let auditor: Client;

beforeAll(async () => {
  engine = await startEngine({ config, dataDir: join(folder, 'data'), auditMinutes: 0 });
  auditor = createClient({ url: engine.url, token: engine.tokens['eva'] ?? '' });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function put(name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const argsOf = (...args: string[]): string[] => ['clients/cli/nervous.mjs', 'import', ...args, '--url', engine.url];
const envAs = (who: string): NodeJS.ProcessEnv => ({ ...process.env, NERVOUS_TOKEN: engine.tokens[who] ?? '' });

function importAs(who: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, argsOf(...args, '--json'), { env: envAs(who) }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}
const importFile = (...args: string[]): Promise<Ended> => importAs('importer', ...args);
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Recorded {
  readonly entityId: string;
  readonly payload: {
    readonly source: string;
    readonly offset: number;
    readonly bytes: number;
    readonly sha256: string;
  };
}

/** What the ledger has of a file, in its order. */
async function recordedOf(file: string, topic = 'imports.recorded'): Promise<readonly Recorded[]> {
  const source = sha256(readFileSync(file));
  const found: Recorded[] = [];
  for await (const { event } of auditor.feed({ topics: [topic], live: false }))
    if ((event.payload as { readonly source?: string }).source === source) found.push(event as unknown as Recorded);
  return found;
}

const TABLE = 'account_id,action,at,note\n1,opened,2019-01-01T00:00:00Z,"a ""b""\nc"\n2,=HYPERLINK("x"),2019-01-02,\n';
const COLUMNS = ['--entity', 'account:{account_id}', '--time', '{at}', '--kind', '{action}'];

describe('a table', () => {
  it('is recorded by the hash of each row, which anybody can compute from the file', async () => {
    const file = put('audit.csv', TABLE.replace('=HYPERLINK("x")', '"=HYPERLINK(""x"")"'));
    const ended = await importFile('csv', file, ...COLUMNS);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(ended.out)).toMatchObject({ entries: 2, recorded: 2, duplicates: 0, rejected: 0 });
    const bytes = readFileSync(file);
    const recorded = await recordedOf(file);
    expect(recorded.map(({ entityId }) => entityId)).toEqual(['account:1', 'account:2']);
    for (const { payload } of recorded)
      expect(sha256(bytes.subarray(payload.offset, payload.offset + payload.bytes))).toBe(payload.sha256);
    expect(recorded[1]).toMatchObject({
      source: 'importer',
      payload: { record: 3, line: 4, claims: { time: '2019-01-02', kind: '=HYPERLINK("x")' }, witnessed: false },
    });
    expect((await recordedOf(file, 'imports.started'))[0]).toMatchObject({
      entityId: `import:${sha256(bytes)}`,
      payload: { name: 'audit.csv', bytes: bytes.length, entries: 2, witnessed: false },
    });
    expect(await recordedOf(file, 'imports.finished')).toMatchObject([{ payload: { recorded: 2, rejected: 0 } }]);
  });

  it('is verified as what it is', async () => {
    await engine.log.loop.flush();
    const entity = await auditor.verifyEntity('account:2');
    expect(entity.verdict).toBe('OK');
    expect(entity.notChecked.join()).toContain('what 1 imported entries say of the time before');
    expect((await auditor.verifyAll()).notChecked.join()).toContain(
      'what imported entries on 2 chains say of the time before',
    );
    const publisher = createClient({ url: engine.url, token: engine.tokens['bank-feed'] ?? '' });
    const ip = { topic: 'error.occurred', payload: { module: 'm', code: 'c', message: '"topic":"imports.recorded"' } };
    await publisher.publish({ ...ip, entityId: 'account:none' });
    expect((await auditor.verifyEntity('account:none')).notChecked.join()).not.toContain('imported');
  });

  it('is recorded once, and says so when it comes again', async () => {
    const file = put('twice.csv', `${TABLE}\n`);
    await importFile('csv', file, '--separator', ',', ...COLUMNS);
    const again = await importFile('csv', file, '--separator', ',', ...COLUMNS);
    expect(JSON.parse(again.out)).toMatchObject({ recorded: 0 });
    const other = await importFile('csv', file, '--entity', 'account:x');
    expect(other).toMatchObject({ code: 2 });
    expect(other.err).toContain('imported before under another name or with another mapping');
  });

  it('names every row that it leaves out, and records the rest', async () => {
    const rows = [
      'account_id,action,at',
      '1,a,b',
      '2,a',
      'no id,a,b',
      '4,"a"x,b',
      Buffer.from('5,\xff,b', 'latin1'),
      '6,a,b',
    ];
    const file = put(
      'rows.csv',
      Buffer.concat(rows.map((row) => Buffer.concat([Buffer.from(row as string), Buffer.from('\n')]))),
    );
    const rejects = join(folder, 'rejects.ndjson');
    const ended = await importFile('csv', file, ...COLUMNS, '--rejects', rejects);
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.out)).toMatchObject({ entries: 2, recorded: 2, rejected: 4 });
    const told = readFileSync(rejects, 'utf8').trim().split('\n');
    expect(told.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual([3, 4, 5, 6]);
    expect((await recordedOf(file, 'imports.finished'))[0]).toMatchObject({
      payload: { recorded: 2, rejected: 4, rejects: [{ line: 3 }, { line: 4 }, { line: 5 }, { line: 6 }] },
    });
  });

  it.each([
    ['two columns of one name', 'account_id,at,at\n1,2,3\n', 'must name each column once'],
    ['no such column', 'id,action,at\n1,2,3\n', 'there is no column'],
    ['CR between its lines', 'account_id,action,at\r1,2,3\r', 'its lines end with CR alone'],
  ])('with %s is refused as a whole', async (_, text, why) => {
    const ended = await importFile('csv', put('refused.csv', text), ...COLUMNS);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(why);
  });
});

describe('other systems', () => {
  it.each(['journal.ion', 'journal.json'])('QLDB: %s, an entry for each revision in a block', async (name) => {
    const file = join(SAMPLES, name);
    const ended = await importFile('qldb', file);
    expect(ended).toMatchObject({ code: 0, err: '' });
    const recorded = await recordedOf(file);
    expect(recorded.map(({ entityId }) => entityId)).toEqual([
      ...['VehicleRegistration:8F0TPCmdNQ6JTRpiLj2TmW', 'Person:7NmE8YLPbXc0IqesJy1rpR'],
      'VehicleRegistration:8F0TPCmdNQ6JTRpiLj2TmW',
    ]);
    expect(recorded[0]).toMatchObject({
      payload: {
        claims: { kind: 'VehicleRegistration', time: '2022-06-08T18:46:46.360Z', id: '8F0TPCmdNQ6JTRpiLj2TmW/0' },
      },
    });
    const bytes = readFileSync(file);
    for (const { payload } of recorded)
      expect(sha256(bytes.subarray(payload.offset, payload.offset + payload.bytes))).toBe(payload.sha256);
  });

  it('CloudTrail: a gzip file of records, hashed as they stand in it', async () => {
    const text = readFileSync(join(SAMPLES, 'cloudtrail.json'));
    const file = put('trail.json.gz', gzipSync(text));
    expect(JSON.parse((await importFile('cloudtrail', file)).out)).toMatchObject({ recorded: 2, rejected: 0 });
    const recorded = await recordedOf(file);
    expect(recorded[0]).toMatchObject({
      entityId: 'cloudtrail:123456789012',
      payload: { claims: { kind: 'StartInstances', time: '2023-07-19T21:17:28Z' } },
    });
    for (const { payload } of recorded)
      expect(sha256(text.subarray(payload.offset, payload.offset + payload.bytes))).toBe(payload.sha256);
  });

  it('NDJSON: members of members', async () => {
    const file = put('rows.ndjson', '{"who":{"id":7},"what":"x"}\n\n{"who":{"id":8}}\n{"a":1,"a":2}\n[]\n');
    const ended = await importFile('ndjson', file, '--entity', 'account:{who.id}');
    expect(JSON.parse(ended.out)).toMatchObject({ recorded: 2, rejected: 2, problems: [{ line: 4 }, { line: 5 }] });
  });
});

describe('what others wrote is not refused for what it is', () => {
  it('numbers that a double would change are claimed as they stand, and any name is one', async () => {
    const file = put(
      'large.ndjson',
      '{"a":1,"n":1234567890123456789012,"constructor":{"__proto__":1.50}}\n{"a":1,"n":1e999}\n',
    );
    const ended = await importFile('ndjson', file, '--entity', 'account:{a}', '--id', '{n}');
    expect(JSON.parse(ended.out)).toMatchObject({ recorded: 2, rejected: 0 });
    expect(await recordedOf(file)).toMatchObject([
      { payload: { claims: { id: '1234567890123456789012' } } },
      { payload: { claims: { id: '1e999' } } },
    ]);
  });

  it('CRLF and a byte order mark are bytes of the file, and mean nothing', async () => {
    const file = put('windows.csv', '\ufeffaccount_id,action,at\r\n1,a,b\r\n');
    expect(JSON.parse((await importFile('csv', file, ...COLUMNS)).out)).toMatchObject({ recorded: 1, rejected: 0 });
    const [recorded] = await recordedOf(file);
    expect(recorded).toMatchObject({ entityId: 'account:1', payload: { claims: { time: 'b' } } });
    expect(recorded?.payload.sha256).toBe(sha256('1,a,b\r'));
  });
});

describe('an importer', () => {
  it('does not lose the file to its own list of rejects', async () => {
    const file = put('precious.csv', TABLE);
    const ended = await importFile('csv', file, ...COLUMNS, '--rejects', join(folder, '.', 'precious.csv'));
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('is the file to be imported');
    expect(readFileSync(file, 'utf8')).toBe(TABLE);
  });

  it('may come to another end, with as many recorded', async () => {
    const file = put('ends.csv', 'account_id,action,at\n1,a,b\n2,a\n');
    await importFile('csv', file, ...COLUMNS);
    await importFile('csv', file, ...COLUMNS);
    expect(await recordedOf(file, 'imports.finished')).toMatchObject([{ payload: { recorded: 1, rejected: 1 } }]);
  });

  it('records nothing of entities that it was not given', async () => {
    const file = put('others.csv', 'account_id,action,at\n1,a,b\n');
    const ended = await importFile('csv', file, '--entity', 'loan:{account_id}');
    expect(JSON.parse(ended.out)).toMatchObject({
      recorded: 0,
      rejected: 1,
      problems: [{ line: 2, code: 'FORBIDDEN' }],
    });
  });

  it('is nobody without the right', async () => {
    const file = put('forged.csv', 'account_id,action,at\n1,a,b\n');
    const ended = await importAs('bank-feed', 'csv', file, ...COLUMNS);
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse(ended.err)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await recordedOf(file)).toEqual([]);
  });

  it('sees what would be recorded without recording it', async () => {
    const file = put('dry.csv', `${TABLE}9,x,y,z\n`.replace('=HYPERLINK("x")', 'f'));
    const ended = await importAs('bank-feed', 'csv', file, ...COLUMNS, '--dry-run');
    expect(JSON.parse(ended.out)).toMatchObject({
      entries: 3,
      recorded: 0,
      sample: [{ entityId: 'account:1' }, {}, {}],
    });
    expect(await recordedOf(file, 'imports.started')).toEqual([]);
  });

  it('goes on where it was killed: nothing twice, nothing lost', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i % 50},a${i},2019`);
    const file = put('long.csv', ['account_id,action,at', ...rows].join('\n'));
    let kills = 0;
    for (let atLeast = 1; kills < 3; atLeast += 3_000) {
      const child = spawn(process.execPath, argsOf('csv', file, ...COLUMNS), {
        env: envAs('importer'),
        stdio: 'ignore',
      });
      const gone = once(child, 'exit');
      while (child.exitCode === null && (await recordedOf(file)).length < atLeast)
        await new Promise((r) => setTimeout(r, 20));
      child.kill('SIGKILL');
      await gone;
      kills += 1;
    }
    expect(await recordedOf(file, 'imports.finished')).toEqual([]);
    const ended = await importFile('csv', file, ...COLUMNS);
    const { recorded, duplicates } = JSON.parse(ended.out) as { recorded: number; duplicates: number };
    expect({ sum: recorded + duplicates, wereThere: duplicates > 0 }).toEqual({ sum: 20_000, wereThere: true });
    const lines = (await recordedOf(file)).map(({ payload }) => payload.offset);
    expect(new Set(lines).size).toBe(20_000);
    expect(lines.length).toBe(20_000);
  });
});

describe('a hostile file', () => {
  it.each([
    ['cut gzip', () => gzipSync(TABLE.repeat(1_000)).subarray(0, 200), 'is no whole gzip file'],
    ['gzip with garbage in it', () => Buffer.concat([gzipSync(TABLE).subarray(0, 40), Buffer.alloc(90, 7)]), 'gzip'],
    ['a zip bomb', () => gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x0a)), 'unpacks to more than 250 times its size'],
    ['binary Ion', () => Buffer.from([0xe0, 1, 0, 0xea, 0xd0]), 'Ion in its binary form'],
  ])('%s is refused before anything is recorded', async (name, bytes, why) => {
    const file = put(`${name}.csv`, bytes());
    const ended = await importFile('csv', file, ...COLUMNS);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(why);
    expect(await recordedOf(file, 'imports.started')).toEqual([]);
  });

  it('names a line that is too long, and one with a quote that never ends', async () => {
    const file = put('huge.csv', `account_id,action,at\n1,${'x'.repeat(3_000_000)},b\n2,a,b\n3,"a,b\n4,a,b\n`);
    const ended = await importFile('csv', file, ...COLUMNS);
    expect(JSON.parse(ended.out)).toMatchObject({
      ...{ recorded: 1, rejected: 2 },
      problems: [
        { line: 2, detail: expect.stringContaining('3000004 bytes') as string },
        { line: 4, detail: 'the file ends within it' },
      ],
    });
  });

  it('nests as deep as it likes', async () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}\n{"a":"1"}\n`;
    const ended = await importFile('ndjson', put('deep.ndjson', deep), '--entity', 'account:{a}');
    expect(JSON.parse(ended.out)).toMatchObject({ recorded: 1, rejected: 1 });
    const ion = await importFile('qldb', put('deep.ion', `${'{a:'.repeat(50_000)}1${'}'.repeat(50_000)}`));
    expect(JSON.parse(ion.out)).toMatchObject({ recorded: 0, rejected: 1 });
  });
});

describe('protection', () => {
  const rows = Array.from({ length: 250 }, (_, i) => `${i},a,b`);
  const table = ['account_id,action,at', ...rows].join('\n');
  const importer = { publishes: ['imports.*'], imports: ['account:*'] };
  let guarded: Engine;
  const importThere = async (who: string, file: string): Promise<Ended> => {
    const args = ['clients/cli/nervous.mjs', 'import', 'csv', file, ...COLUMNS, '--url', guarded.url, '--json'];
    const env = { ...process.env, NERVOUS_TOKEN: guarded.tokens[who] ?? '' };
    return new Promise((resolve) => {
      execFile(process.execPath, args, { env }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      );
    });
  };
  beforeAll(async () => {
    const rates = { modules: { patient: { perMinute: 3_600, burst: 50 } } };
    const modules = { ...config.modules, patient: importer, fast: importer };
    const strict = defineConfig({ ...config, modules, protection: { rates } });
    guarded = await startEngine({ config: strict, dataDir: join(folder, 'guarded'), auditMinutes: 0 });
  });
  afterAll(() => guarded.close());

  it('makes an import wait for its rate, and nothing is left out', async () => {
    const ended = await importThere('patient', put('patient.csv', table));
    expect(JSON.parse(ended.out)).toMatchObject({ recorded: 250, rejected: 0 });
  });

  it('stops one that is a storm, and the message says where to read on', async () => {
    const ended = await importThere('fast', put('fast.csv', `${table}\n`));
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toMatch(/TOPIC_STOPPED.*docs\/migrating\.md/);
  });
});

it.each([
  [['csv', 'x.csv'], '--entity'],
  [['xml', 'x.csv'], 'Allowed choices are qldb'],
  [['csv', 'missing.csv', '--entity', 'a:{b}'], 'cannot be read'],
  [['ndjson', '.', '--entity', 'a:{b}', '--separator', ';'], '--separator is for csv'],
  [['csv', '.', '--entity', 'a:{b}', '--separator', ';"'], '--separator takes one ASCII character'],
  [['ndjson', '.', '--entity', 'a:{b}'], 'is not a file'],
])('refuses %j with what to write instead', async (args, why) => {
  const ended = await importFile(...args);
  expect(ended).toMatchObject({ code: 2, out: '' });
  expect(ended.err).toContain(why);
});
