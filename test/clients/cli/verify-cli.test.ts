/** Verification as people and programs ask for it: the command line on a folder and on a service, and HTTP. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { beginProgress, countLooked, createProgress, progressOf } from '../../../adapters/embedded/audit/progress.ts';
import { startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import type { EntryPage } from '../../../api/index.ts';
import { farOf } from '../../../clients/cli/commands/ledger/verify.ts';
import { EXIT, VERDICT_EXIT } from '../../../clients/cli/output/exit-codes.ts';
import { whileWaiting } from '../../../clients/cli/output/waiting.ts';
import { createClient, type Client } from '../../../clients/sdk/index.ts';
import { VERDICTS, type VerificationReport } from '../../../core/ledger/index.ts';
import { config } from '../../../nervous.config.ts';
import { onTerminal } from '../../support/terminal.ts';

const CLI = join(resolve(import.meta.dirname, '../../..'), 'clients/cli/nervous.mjs');
let folder: string;
let data: string;
let engine: Engine;
let eva: Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-verify-cli-'));
  data = join(folder, 'data');
  engine = await startEngine({ config, dataDir: data, checkpointMs: 3_600_000 });
  eva = createClient({ url: engine.url, token: engine.tokens['eva'] ?? '' });
  await publish(3);
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

async function publish(times: number): Promise<void> {
  const feed = createClient({ url: engine.url, token: engine.tokens['bank-feed'] ?? '' });
  for (let i = 0; i < times; i += 1)
    await feed.publish({
      topic: 'transactions.new',
      entityId: 'account:1',
      payload: { amount: '1.00', kind: 'credit' },
    });
  await engine.log.loop.flush();
}

async function verify(...args: string[]): Promise<{ code: number | null; report: VerificationReport; err: string }> {
  const child = spawn(process.execPath, [CLI, 'verify', ...args, '--json']);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  expect(err).not.toMatch(/^\s+at /m);
  return { code, report: JSON.parse(out || '{}') as VerificationReport, err };
}

const get = async <T>(path: string): Promise<T> => {
  const response = await fetch(`${engine.url}${path}`, {
    headers: { authorization: `Bearer ${engine.tokens['eva']}` },
  });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
};

describe('nervous verify', () => {
  it('keeps a checkpoint, and goes on from it; from the folder and from the service', async () => {
    const kept = join(folder, 'kept');
    const vkey = join(data, 'root.vkey');
    const first = await verify('remember', kept, '--data', data, '--vkey', vkey);
    expect(first).toMatchObject({ code: 0, report: { verdict: 'OK' } });
    expect(readFileSync(kept, 'utf8')).toBe(first.report.checkpoint);
    expect(first.report.notChecked.join()).not.toContain('root.vkey');
    await publish(2);
    const since = await verify('since', kept, '--data', data);
    expect(since.report).toMatchObject({ verdict: 'OK', entries: first.report.entries + 2 });
    const asked = await verify('since', kept, '--url', engine.url, '--as', 'eva', '--data', data);
    expect(asked.report).toMatchObject({ verdict: 'OK', entries: since.report.entries });
    expect(asked.report.against?.map(({ kind }) => kind)).toContain('remembered');
    expect(asked.report.notChecked.join()).toContain("operator's own");
  });

  it('checks a proof with nothing but the key, and answers with the exit code of the verdict', async () => {
    const response = await fetch(`${engine.url}/v1/proof?entity=account%3A1&seq=1`, {
      headers: { authorization: `Bearer ${engine.tokens['eva']}` },
    });
    const proof = new Uint8Array(await response.arrayBuffer());
    const file = join(folder, 'entry.proof');
    writeFileSync(file, proof);
    const vkey = join(data, 'root.vkey');
    const found = await verify('proof', file, '--vkey', vkey);
    expect(found).toMatchObject({ code: 0, report: { verdict: 'OK' } });
    expect(found.report.checked.join()).toContain('"account:1" #1');
    writeFileSync(file, Buffer.from(proof).toString('utf8').replace('extra ', 'extra AAAA'));
    expect(await verify('proof', file, '--vkey', vkey)).toMatchObject({
      code: 10,
      report: { verdict: 'CONTENT_MISMATCH' },
    });
  });

  it('has an exit code of its own for what is wrong with the log', async () => {
    const copy = join(folder, 'copy');
    cpSync(data, copy, { recursive: true });
    rmSync(join(copy, 'log', 'checkpoint'));
    expect(await verify('--data', copy)).toMatchObject({ code: 20, report: { firstBad: { verdict: 'ROLLED_BACK' } } });
    expect(existsSync(join(copy, 'log', 'checkpoint'))).toBe(false);
    const codes = VERDICTS.map((verdict) => VERDICT_EXIT[verdict]);
    expect(new Set(codes).size).toBe(VERDICTS.length);
  });

  it('U5: an entity that does not exist is NOT_FOUND, not OK: from the folder and from the service', async () => {
    const found = await verify('entity', 'account:l', '--data', data);
    expect(found).toMatchObject({ code: 24, report: { verdict: 'NOT_FOUND', entries: 0 } });
    expect(found.report.firstBad).toMatchObject({
      entity: 'account:l',
      detail: expect.stringContaining('spelt') as string,
    });
    const asked = await verify('entity', 'account:l', '--url', engine.url, '--as', 'eva', '--data', data);
    expect(asked).toMatchObject({ code: 1, report: {}, err: expect.stringContaining('ENTITY_NOT_FOUND') as string });
  });

  it('U5: a range behind the end is NOT_FOUND, and one that reaches over it says what was checked', async () => {
    const beyond = await verify('range', '1000000', '1010000', '--data', data);
    expect(beyond).toMatchObject({ code: 24, report: { verdict: 'NOT_FOUND' } });
    expect(beyond.report.firstBad?.detail).toMatch(/has \d+ entries: there is none from log index 1000000 on/);
    expect(await eva.verifyAll({ mode: 'range', from: 1_000_000, to: 1_010_000 })).toMatchObject({
      verdict: 'NOT_FOUND',
    });
    const over = await verify('range', '1', '1010000', '--data', data);
    expect(over).toMatchObject({ code: 0, report: { verdict: 'OK' } });
    const size = over.report.entries;
    expect(over.report.checked).toContain(`log indices 0 to ${size - 1}`);
    expect(over.report.notChecked).toContain(`log indices ${size} to 1009999: the ledger ends before them`);
  });

  it.each([
    ['range without an end', ['range', '3']],
    ['a proof without a key', ['proof', CLI]],
    ['a checkpoint that is not there', ['since', '/nowhere/at/all', '--data', '.']],
    ['a key for a service to use', ['full', '--vkey', CLI]],
    ['an age that is none', ['full', '--data', '.', '--max-age', 'old']],
  ])('refuses %s', async (_, args) => {
    expect((await verify(...args)).code).toBe(2);
  });
});

describe('verification over HTTP', () => {
  it('takes parts, and refuses what is none', async () => {
    expect(await eva.verifyAll({ mode: 'range', from: 1, to: 3 })).toMatchObject({ verdict: 'OK' });
    expect(await eva.verifyAll({ mode: 'state' })).toMatchObject({ verdict: 'OK' });
    expect(await eva.verifyAll({ requireAnchored: true })).toMatchObject({ verdict: 'OK' });
    await expect(eva.verifyAll({ mode: 'range' })).rejects.toMatchObject({ status: 400 });
    await expect(eva.verifyAll({ mode: 'since' })).rejects.toMatchObject({ status: 400 });
    await expect(eva.verifyAll({ mode: 'full', from: 1, to: 2 })).rejects.toMatchObject({ status: 400 });
  });

  it('gives each entry its verdict, anchored or not yet', async () => {
    const feed = createClient({ url: engine.url, token: engine.tokens['bank-feed'] ?? '' });
    const payload = { amount: '2.00', kind: 'credit' as const };
    await feed.publish({ topic: 'transactions.new', entityId: 'account:2', payload });
    const verdicts = async (): Promise<unknown[]> => {
      const { entries } = await get<EntryPage>('/v1/entities/account%3A2/entries?verify=1');
      return entries.map(({ verification }) => verification?.verdict);
    };
    expect(await verdicts()).toEqual(['NOT_YET_ANCHORED']);
    await engine.log.loop.flush();
    expect(await verdicts()).toEqual(['OK']);
    const { entries } = await get<EntryPage>('/v1/entities/account%3A2/entries');
    expect(entries[0]?.verification).toBeUndefined();
  });

  it('says of an entity what its place in the log is, and what the answer is worth', async () => {
    const report = await eva.verifyEntity('account:1');
    expect(report).toMatchObject({ verdict: 'OK' });
    expect(report.against?.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['published', 'anchor']));
    expect(report.checked.join()).toContain('no later entry');
    expect(report.notChecked.join()).toContain("operator's own");
  });
});

describe('R2: while it verifies', () => {
  /** Never answers; tells when whoever asked has left, which ends the work in an engine (test/adapters/embedded/audit/verify-entity.test.ts). */
  async function endlessService(): Promise<{
    readonly url: string;
    readonly asked: Promise<unknown>;
    readonly left: Promise<unknown>;
    close(): void;
  }> {
    const asked = Promise.withResolvers<undefined>();
    const left = Promise.withResolvers<unknown>();
    const server = createServer((request) => {
      asked.resolve(undefined);
      request.socket.once('close', () => left.resolve(request.url));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, asked: asked.promise, left: left.promise, close: () => server.close() };
  }

  it('says so on a terminal, and Ctrl-C ends it for the service too', async () => {
    const service = await endlessService();
    const env = { NERVOUS_URL: service.url, NERVOUS_TOKEN: 'any' };
    const command = [process.execPath, CLI, 'verify', 'entity', 'account:1'];
    const { code, screen } = await onTerminal(command, { answer: '^C', at: 'Ctrl-C ends it', env });
    expect(screen).toMatch(/verifying entity account:1: \d+ s, Ctrl-C ends it/);
    expect(screen).toContain('stopped while verifying entity account:1: there is no result');
    expect(code).toBe(EXIT.stopped);
    expect(await service.left).toBe('/v1/entities/account%3A1/verify');
    service.close();
  });

  it('says of a folder how many entries it looked at', async () => {
    vi.useFakeTimers();
    const told: string[] = [];
    const done = Promise.withResolvers<string>();
    const progress = createProgress();
    const far = (): string => farOf(progressOf(progress));
    const terminal = { isTTY: true, write: (text: string) => told.push(text) > 0 };
    const waiting = whileWaiting({ what: 'verifying full', far }, done.promise, terminal);
    await vi.advanceTimersByTimeAsync(1_000);
    beginProgress(progress, 60_001);
    countLooked(progress, 256);
    countLooked(progress, 256);
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    done.resolve('OK');
    expect(await waiting).toBe('OK');
    const lines = told.map((text) => text.replace('\r\u001b[K', ''));
    expect(lines).toEqual([
      'verifying full: 1 s, Ctrl-C ends it',
      'verifying full: 512 of 60001 entries looked at, 2 s, Ctrl-C ends it',
      '',
    ]);
  });

  it('ends with 130 and says so where a program reads, with nothing on standard output', async () => {
    const service = await endlessService();
    const env = { ...process.env, NERVOUS_URL: service.url, NERVOUS_TOKEN: 'any' };
    const child = spawn(process.execPath, [CLI, 'verify', 'full', '--json'], { env });
    const exit = once(child, 'exit') as Promise<[number | null]>;
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    await service.asked;
    child.kill('SIGINT');
    const [[code], [out, err]] = await Promise.all([exit, output]);
    expect([code, out]).toEqual([EXIT.stopped, '']);
    expect(JSON.parse(err)).toMatchObject({
      code: 'STOPPED',
      detail: 'stopped while verifying full: there is no result',
    });
    service.close();
  });

  it('says nothing where nobody looks', async () => {
    const told: string[] = [];
    const terminal = (isTTY: boolean) => ({ isTTY, write: (text: string) => told.push(text) > 0 });
    const wait = { what: 'verifying' };
    expect(await whileWaiting(wait, Promise.resolve('done'), terminal(false))).toBe('done');
    expect(told).toEqual([]);
    await whileWaiting(wait, Promise.resolve(), terminal(true));
    expect(told).toEqual(['\r\u001b[K']);
  });
});
