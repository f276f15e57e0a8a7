/** The commands that need no service: log fsck, canonicalize, match. As processes: bytes in, bytes out, exit code. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { logOf, signatory, type LogFolder } from '../../core/ledger/log-fixture.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const CLI = join(REPOSITORY, 'clients/cli/nervous.mjs');
const VECTORS = join(REPOSITORY, 'test/vectors');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly bytes: Buffer;
  readonly err: string;
}

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-log-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function nervous(args: readonly string[], input: string | Uint8Array = ''): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args]);
  // A command that has no use for its input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [bytes, err, [code]] = await Promise.all([buffer(child.stdout), text(child.stderr), exit]);
  expect(err).not.toMatch(/^\s+at /m);
  return { code, out: bytes.toString(), bytes, err };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

describe('nervous verify log', () => {
  const { vkey } = signatory();
  let log: LogFolder;
  let dir: string;
  let server: Server | undefined;

  beforeAll(async () => {
    log = await logOf(300, 300);
    dir = join(folder, 'log');
    for (const [path, bytes] of log.files) file(join('log', path), bytes);
  });
  afterEach(() => server?.close());

  const fsck = (source: string, ...options: string[]): Promise<Ended> =>
    nervous(['verify', 'log', source, '--vkey', vkey, ...options]);

  async function serve(answer: (path: string) => number | Uint8Array): Promise<string> {
    server = createServer((request, response) => {
      const found = answer((request.url ?? '').slice('/a/log/'.length));
      response.statusCode = typeof found === 'number' ? found : 200;
      response.end(typeof found === 'number' ? '' : found);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a/log`;
  }

  it('accepts a folder, with the key from a file or as it is', async () => {
    const keys = file('root.vkey', `# ours\n\n${signatory('other.test/log', 9).vkey}\n${vkey}\n`);
    const { code, out } = await nervous(['verify', 'log', dir, '--vkey', keys]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^OK: log\.test\/main, size 600, root .+: 600 entries/)]);
    expect(JSON.parse((await fsck(dir, '--json')).out)).toMatchObject({ verdict: 'OK', entries: 600, tiles: 4 });
    expect(JSON.parse((await fsck(dir, '--json', '--hash-only')).out)).toMatchObject({ verdict: 'OK' });
  });

  it('accepts a web server, also one that stumbles', async () => {
    let stumbles = 2;
    const url = await serve((path) =>
      path.startsWith('tile/0') && stumbles-- > 0 ? 503 : (log.files.get(path) ?? 404),
    );
    expect(await fsck(url)).toMatchObject({ code: 0 });
  });

  it.each([
    [10, 'tile/0/001', (bytes: Buffer) => bytes.fill(0, 0, 1)],
    [12, 'checkpoint', (bytes: Buffer) => Buffer.from(bytes.toString().replace('\n600\n', '\n599\n'))],
    [14, 'tile/entries/001', () => 404],
    [16, 'tile/1/000.p/2', () => 403],
    [16, 'tile/0/000', () => Buffer.alloc(20_000_000)],
    [16, 'checkpoint', () => Buffer.from('hello')],
    [1, 'checkpoint', () => 403],
    [1, 'tile/0/000', () => 418],
  ])('exits with %d for %s', async (code, bad, change) => {
    const url = await serve((path) => {
      const bytes = log.files.get(path);
      if (bytes === undefined) return 404;
      return path === bad ? change(Buffer.from(bytes)) : bytes;
    });
    const ended = await fsck(url);
    expect(ended.code).toBe(code);
    expect(ended.out + ended.err).toContain(bad);
  });

  it('exits with 13 for a log of another name, or signed by another key', async () => {
    expect(await fsck(dir, '--origin', 'log.test/other')).toMatchObject({ code: 13 });
    const ended = await nervous(['verify', 'log', dir, '--vkey', signatory('log.test/main', 5).vkey]);
    expect(ended).toMatchObject({ code: 13, out: expect.stringContaining('log.test/main') as string });
  });

  it('exits with 3 when nobody answers', async () => {
    const { code, err } = await fsck('http://127.0.0.1:1/log');
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/^nervous: cannot reach http:\/\/127\.0\.0\.1:1\/log\/checkpoint/),
    ]);
  });

  it.each([
    ['no folder', ['/no/such/folder', '--vkey', vkey]],
    ['a URL that is none', ['http://', '--vkey', vkey]],
    ['no key', ['.']],
    ['a key that is none', ['.', '--vkey', 'a+b']],
    ['a key file that is not there', ['.', '--vkey', 'no-such.vkey']],
    ['a key file without a key', ['.', '--vkey', '/dev/null']],
    ['a folder of keys', ['.', '--vkey', '/']],
  ])('exits with 2 for %s', async (_, args) => {
    const { code, out, err } = await nervous(['verify', 'log', ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trim()).not.toBe('');
  });
});

describe.concurrent('nervous canonicalize', () => {
  const names = readdirSync(join(VECTORS, 'rfc8785/input'));

  it.each(names)('writes the bytes of the vector %s', async (name) => {
    const [input, output] = ['input', 'output'].map((side) => readFileSync(join(VECTORS, 'rfc8785', side, name)));
    const { code, bytes } = await nervous(['canonicalize'], input);
    expect(code).toBe(0);
    expect(Buffer.compare(bytes, output ?? Buffer.of())).toBe(0);
  });

  it('writes what only RFC 8785 accepts, without a newline', async () => {
    const ended = await nervous(['canonicalize'], ' {"b":1.50,"__proto__":[-0,295147905179352830000]} \n');
    expect(ended).toMatchObject({ code: 0, out: '{"__proto__":[0,295147905179352830000],"b":1.5}', err: '' });
  });

  it.each([
    ['a key twice', '{"x":{"a/b":1,"a/b":1}}', '/x/a~1b'],
    ['far too deep', '['.repeat(1_000_000), '/0/0'],
    ['nothing', '', 'the value'],
    ['bytes that are not UTF-8', Buffer.from('225c80ff22', 'hex'), 'the value'],
  ])('refuses %s, and says where', async (_, input, where) => {
    const { code, out, err } = await nervous(['canonicalize'], input);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(`nervous: ${where}`);
  });

  it('writes what is larger than a pipe', async () => {
    const large = `[${'"Přijatá platba",'.repeat(500_000)}1]`;
    const { bytes } = await nervous(['canonicalize'], large);
    expect(Buffer.compare(bytes, Buffer.from(large))).toBe(0);
  });
});

describe.concurrent('nervous events match', () => {
  const rule = { detail: { amount: [{ numeric: ['>', 100] }] } };
  const event = (amount: unknown): object => ({ detail: { amount } });
  const answers = ({ out }: Ended): unknown[] =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);

  it('answers for two files as grep does: 0 yes, 1 no, 2 neither', async () => {
    const ruleFile = file('rule.json', JSON.stringify(rule));
    const pair = (content: string, name = ruleFile): string[] => [
      'match',
      '--rule',
      name,
      '--event',
      file('e', content),
    ];
    expect(await nervous(pair(JSON.stringify(event(101))))).toMatchObject({ code: 0, out: 'true\n', err: '' });
    expect(await nervous(pair(JSON.stringify(event(100))))).toMatchObject({ code: 1, out: 'false\n', err: '' });
    expect(await nervous([...pair('{}'), '--json'])).toMatchObject({ code: 1, out: '{"matches":false}\n' });
    expect(await nervous(pair('{'))).toMatchObject({ code: 2, out: '' });
    const refused = await nervous(pair('{}', file('bad.json', '{"detail":{"a":"x"}}')));
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('/detail/a') as string });
    expect(await nervous(['events', 'match', '--rule', ruleFile])).toMatchObject({ code: 2 });
    expect(await nervous(['events', 'match', '--rule', '-', '--event', '-'])).toMatchObject({ code: 2 });
    expect(await nervous(['events', 'match', '--jsonl', join(folder, 'none.jsonl')])).toMatchObject({
      code: 2,
      out: '',
    });
    const fromStdin = ['match', '--rule', ruleFile, '--event', '-'];
    expect(await nervous(fromStdin, JSON.stringify(event(1000)))).toMatchObject({ code: 0 });
  });

  it('answers each line, in order, whatever is wrong with it', async () => {
    const lines = [
      JSON.stringify({ rule, event: event(101), more: 1 }),
      JSON.stringify({ rule: JSON.stringify(rule), event: JSON.stringify(event(99)) }),
      '{"rule":',
      '',
      '[]',
      'null',
      JSON.stringify({ rule }),
      JSON.stringify({ rule: { a: 'x' }, event: {} }),
      JSON.stringify({ rule: '{', event: {} }),
      JSON.stringify({ rule, event: 'x' }),
      JSON.stringify({ rule, event: 5 }),
      '['.repeat(100_000),
      `{"rule":${'{"a":'.repeat(50_000)}[1]${'}'.repeat(50_000)},"event":{}}`,
      `{"rule":{"a":[1]},"event":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
      JSON.stringify({ rule: { __proto__: null, constructor: [1] }, event: { constructor: 1 } }) + '\r',
      JSON.stringify({ rule, event: event('101') }), // no newline at the end
    ];
    const ended = await nervous(['events', 'match'], lines.join('\n'));
    expect(ended).toMatchObject({ code: 0, err: '' });
    const error = { error: expect.any(String) as string };
    const [yes, no] = [{ matches: true }, { matches: false }];
    expect(answers(ended)).toEqual([yes, no, ...Array<unknown>(8).fill(error), no, error, error, no, yes, no]);
    expect(answers(await nervous(['events', 'match', '--jsonl', file('pairs.jsonl', lines.join('\n'))]))).toEqual(
      answers(ended),
    );
  });

  it('has an error for bytes that are not UTF-8, and goes on', async () => {
    const good = Buffer.from(`${JSON.stringify({ rule, event: event(101) })}\n`);
    const input = Buffer.concat([good, Buffer.from('{"rule":{"a":["\xff"]},"event":{}}\n', 'latin1'), good]);
    expect(answers(await nervous(['events', 'match'], input))).toEqual([
      { matches: true },
      { error: expect.stringContaining('UTF-8') as string },
      { matches: true },
    ]);
  });

  it('answers lines while more are to come', async () => {
    const child = spawn(process.execPath, [CLI, 'events', 'match']);
    child.stdin.write(`${JSON.stringify({ rule, event: event(101) })}\n{"ru`);
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    expect(first.toString()).toBe('{"matches":true}\n');
    child.stdin.end('le":{"a":[1]},"event":{"a":2}}');
    const exit = once(child, 'exit') as Promise<[number | null]>;
    const [rest, [code]] = await Promise.all([text(child.stdout), exit]);
    expect([rest, code]).toEqual(['{"matches":false}\n', 0]);
  });

  it('answers many lines of many rules', async () => {
    const count = 20_000;
    const lines = Array.from({ length: count }, (_, i) =>
      JSON.stringify({ rule: { n: [i % 3000] }, event: { n: i % 2 === 0 ? i % 3000 : -1 } }),
    );
    const found = answers(await nervous(['events', 'match'], lines.join('\n') + '\n'));
    expect(found).toEqual(lines.map((_, i) => ({ matches: i % 2 === 0 })));
  });

  it("answers as AWS's own engine does, and refuses what it refuses", async () => {
    const folderOfCases = join(VECTORS, 'eventbridge-patterns');
    const cases = readFileSync(join(folderOfCases, 'cases.jsonl'), 'utf8').trimEnd().split('\n');
    const expected = cases.map((line) => ({ matches: (JSON.parse(line) as { matches: boolean }).matches }));
    expect(answers(await nervous(['events', 'match', '--jsonl'], `${cases.join('\n')}\n`))).toEqual(expected);
    const refused = answers(await nervous(['events', 'match', '--jsonl', join(folderOfCases, 'invalid.jsonl')]));
    expect(refused).toEqual(refused.map(() => ({ error: expect.any(String) as string })));
    expect(refused.length).toBe(10);
  });
});
