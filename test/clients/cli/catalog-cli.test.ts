/** `nervous catalog` as a process: what a build server sees when a catalog changes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../../..');
const CLI = join(REPOSITORY, 'clients/cli/nervous.mjs');

interface Topic {
  topic: string;
  version: number;
  description: string;
  schema: { properties: Record<string, Record<string, unknown>>; required: string[] };
}

let folder: string;
let snapshot: { topics: Topic[] };

async function catalog(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [CLI, 'catalog', ...args], { cwd: REPOSITORY });
  child.stdin.end();
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, out, err };
}

/** The snapshot after a change, in a file. */
function changed(name: string, change: (topic: Topic, all: Topic[]) => void): string {
  const copy = structuredClone(snapshot);
  const topic = copy.topics.find((one) => one.topic === 'transactions.new');
  if (topic === undefined) throw new Error('the sample has no transactions.new');
  change(topic, copy.topics);
  return write(name, JSON.stringify(copy));
}

function write(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-catalog-'));
  const { out } = await catalog('snapshot');
  snapshot = JSON.parse(out) as typeof snapshot;
  write('now.json', out);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('check', () => {
  it('passes against the snapshot it made', async () => {
    const now = join(folder, 'now.json');
    expect(await catalog('check', '--against', now)).toEqual({ code: 0, out: 'nothing changed\n', err: '' });
  });

  it('passes an addition, and asks to keep it', async () => {
    const file = changed('added.json', ({ schema }) => delete schema.properties['bank']);
    const { code, out, err } = await catalog('check', '--against', file);
    expect(code).toBe(0);
    expect(out).toContain('minor     transactions.new@1 /properties/bank');
    expect(out).toContain('0 breaking, 1 minor, 0 patch');
    expect(err).toContain(`nervous catalog snapshot > ${file}`);
  });

  it('fails on a break, naming topic, version, place and what to do, unless it is accepted', async () => {
    const file = changed('broken.json', ({ schema }, all) => {
      (schema.properties['amount'] as Record<string, unknown>)['maxLength'] = 7;
      all.push({ topic: 'old.gone', version: 3, description: 'd', schema: { properties: {}, required: [] } });
    });
    const refused = await catalog('check', '--against', file);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('breaking  transactions.new@1 /properties/amount/maxLength');
    expect(refused.out).toContain('leave version 1 as it was and declare the new shape as version 2');
    expect(refused.out).toContain('breaking  old.gone@3');
    const half = await catalog('check', '--against', file, '--accept', 'old.gone@3', '--json');
    expect(half.code).toBe(1);
    expect(JSON.parse(half.out)).toMatchObject({
      ok: false,
      severity: 'breaking',
      changes: [{ topic: 'old.gone', accepted: true }, { topic: 'transactions.new' }],
    });
    const both = await catalog('check', '--against', file, '--accept', 'old.gone@3', '--accept', 'transactions.new@1');
    expect(both).toMatchObject({ code: 0 });
    expect(both.out).toContain('accepted');
  });

  it('takes no acceptance in advance, nor one it cannot read', async () => {
    const now = join(folder, 'now.json');
    const needless = await catalog('check', '--against', now, '--accept', 'transactions.new@1');
    expect(needless).toMatchObject({ code: 2, err: expect.stringContaining('nothing breaks there') as string });
    const malformed = await catalog('check', '--against', now, '--accept', 'transactions.new');
    expect(malformed).toMatchObject({ code: 2, err: expect.stringContaining('write topic@version') as string });
    expect(await catalog('check')).toMatchObject({ code: 2, err: expect.stringContaining('--against') as string });
  });

  it('looks at the configuration that is named', async () => {
    const url = (path: string): string => JSON.stringify(pathToFileURL(join(REPOSITORY, path)).href);
    const file = write(
      'other.config.mjs',
      `import { config as sample } from ${url('nervous.config.ts')};
       const { 'user.login': _, ...topics } = sample.topics;
       export default { ...sample, topics, modules: {}, roster: { ...sample.roster, agents: [] } };`,
    );
    const { code, out } = await catalog('check', '--against', join(folder, 'now.json'), '--config', file);
    expect(out).toContain('breaking  user.login@1');
    expect(code).toBe(1);
  });
});

describe('list, snapshot and diff', () => {
  it('list every topic in order, for people and machines', async () => {
    const lines = (await catalog('list')).out.trim().split('\n');
    expect(lines).toContain('transactions.new@1  Money moved on an account, as the bank booked it');
    expect(lines).toEqual([...lines].sort());
    expect(JSON.parse((await catalog('list', '--json')).out)).toEqual(snapshot);
  });

  it('compare two files, or one with the current catalog, and judge nothing', async () => {
    const file = changed('required.json', ({ schema }) => schema.required.push('bank'));
    const two = await catalog('diff', file, join(folder, 'now.json'));
    const one = await catalog('diff', file);
    expect(two).toEqual(one);
    expect(one.code).toBe(0);
    expect(one.out).toContain('breaking  transactions.new@1 /properties/bank\n          "bank" is optional now');
  });

  it('ask a running service instead of the configuration', async () => {
    const dataDir = join(folder, 'data');
    const engine = spawn(process.execPath, [CLI, 'dev', '--port', '0', '--data', dataDir, '--json'], {
      cwd: REPOSITORY,
    });
    try {
      const [line] = (await once(createInterface({ input: engine.stdout }), 'line')) as [string];
      const { url } = JSON.parse(line) as { url: string };
      const who = ['--url', url, '--as', 'eva', '--data', dataDir];
      const asked = await catalog('snapshot', ...who);
      expect(asked).toEqual({ code: 0, out: readFileSync(join(folder, 'now.json'), 'utf8'), err: '' });
      expect(await catalog('check', '--against', join(folder, 'now.json'), ...who)).toMatchObject({ code: 0 });
    } finally {
      engine.kill('SIGKILL');
      await once(engine, 'exit');
    }
    expect(await catalog('list', '--url', 'http://127.0.0.1:1')).toMatchObject({ code: 3 });
  });
});

describe('hostile files', () => {
  it.each([
    ['no JSON', '{"topics":', /bad\.json: .+/],
    ['one key twice', '{"topics":[],"topics":[]}', /topics/],
    ['no catalog', '{"rules":[]}', /bad\.json: \/topics: .*"nervous catalog snapshot" writes one/],
    [
      'one version twice',
      '{"topics":[{"topic":"a.a","version":1,"description":"","schema":{}},{"topic":"a.a","version":1,"description":"","schema":{}}]}',
      /stands here twice/,
    ],
    [
      'a circle',
      '{"topics":[{"topic":"a.a","version":1,"description":"","schema":{"$ref":"#"}}]}',
      /a\.a@1: .*in a circle/,
    ],
    ['depth', `{"topics":${'['.repeat(50_000)}`, /levels|deep/i],
  ])('%s is refused in one sentence', async (_, content, message) => {
    const file = write('bad.json', content);
    const { code, out, err } = await catalog('diff', file, file);
    expect(code).toBeGreaterThan(0);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
    expect(err.length).toBeLessThan(500);
  });

  it('what a file says does not steer the terminal', async () => {
    const file = write(
      'steer.json',
      JSON.stringify({ topics: [{ topic: '\u001b[2Ja', version: 1, description: 'd', schema: {} }] }),
    );
    const { out } = await catalog('diff', file, write('empty.json', '{"topics":[]}'));
    expect(out).toContain('\\u001b[2Ja@1');
    expect(out).not.toContain('\u001b');
  });
});

describe('documents', () => {
  it('of one version of a topic, in either dialect', async () => {
    const newest = JSON.parse((await catalog('schema', 'transactions.new')).out) as Record<string, unknown>;
    expect(newest).toMatchObject({
      title: 'transactions.new@1',
      $schema: 'https://json-schema.org/draft/2020-12/schema',
    });
    const draft04 = JSON.parse(
      (await catalog('schema', 'transactions.new@1', '--draft-04', '--json')).out,
    ) as typeof newest;
    expect(draft04).toMatchObject({ id: newest['$id'], $schema: 'http://json-schema.org/draft-04/schema#' });
  });

  it('of the whole catalog', async () => {
    expect(JSON.parse((await catalog('asyncapi')).out)).toMatchObject({ asyncapi: '3.1.0' });
    expect((await catalog('reference')).out).toBe(readFileSync(join(REPOSITORY, 'docs/topics.md'), 'utf8'));
  });

  it.each<[string[], RegExp]>([
    [['transactions.nwe'], /did you mean "transactions.new"/],
    [['transactions.new@9'], /has no version 9/],
    [['transactions.new@0'], /write topic or topic@version/],
    [['constructor'], /is not in the catalog/],
    [['aws.s3.object-created'], /needs no declaration/],
    [[], /missing required argument/],
  ])('are not made of %j', async (args, message) => {
    const { code, out, err } = await catalog('schema', ...args);
    expect(code).toBeGreaterThan(0);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
