import type * as Crypto from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EpochMs, ChainHash } from '../../../../core/brands/index.ts';
import { startEngine, type Engine } from '../../../../adapters/embedded/index.ts';
import { JobThreads } from '../../../../adapters/embedded/audit/job-threads.ts';
import { readRootPublicKey } from '../../../../adapters/embedded/keys/root-key.ts';
import { verifyDataDir } from '../../../../adapters/embedded/audit/verify-data-dir.ts';
import {
  entityThreads,
  verifyEntityOnThreads,
  type EntityThreads,
} from '../../../../adapters/embedded/audit/verify-on-threads.ts';
import { KnownChains, type VerificationReport } from '../../../../core/ledger/index.ts';
import type { Principal } from '../../../../core/policy/index.ts';
import { config } from '../../../../nervous.config.ts';
import { checked } from '../../../support/checked.ts';
import { eventually } from '../../../support/eventually.ts';

const calls = vi.hoisted(() => ({ entries: 0 }));
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof Crypto>();
  const sync = crypto.verify as (...args: readonly unknown[]) => boolean;
  const verify = (...args: readonly unknown[]): boolean => {
    if (Buffer.from(args[1] as Uint8Array).includes('nervous-system.entry.v1\n')) calls.entries += 1;
    return sync(...args);
  };
  return { ...crypto, verify };
});

const ENTITY = 'account:1';
/** More than one part of a chain. */
const LINKS = 2_100;
const LOADED_MACHINE_MS = 240_000;

let dataDir: string;
let engine: Engine;
let threads: EntityThreads;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-entity-'));
  threads = entityThreads(2);
});
afterEach(async () => {
  await engine.close();
  await threads.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const start = async (http = false): Promise<void> => {
  engine = await startEngine({ config, dataDir, http, auditMinutes: 0, onError: () => {} });
};

const principal = (id: string): Principal => {
  const found = engine.system.policy.principal(id);
  if (found === undefined) throw new Error('the sample roster has changed');
  return found;
};

async function publish(count: number, entityId = ENTITY): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    const event = { topic: 'transactions.new', entityId, payload: { amount: '1.00', kind: 'credit' } };
    await engine.system.publish(
      principal('bank-feed'),
      Array.from({ length: Math.min(100, left) }, () => event),
    );
  }
  await engine.log.loop.flush();
}

/** Somebody else with the file open, or with it at rest. */
function tamper(sql: string): void {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'), { timeout: 60_000 }); // the engine writes, too
  db.exec(sql);
  db.close();
}

async function verify(known?: KnownChains): Promise<VerificationReport & { readonly signatures: number }> {
  let signatures = 0;
  const onPart = (count: number): void => {
    signatures += count;
  };
  const folder = { dataDir, root: readRootPublicKey(dataDir), now: checked<EpochMs>(Date.now()) };
  const report = await verifyEntityOnThreads(
    { threads, folder, onPart, ...(known === undefined ? {} : { known }) },
    ENTITY,
  );
  return { ...report, signatures };
}

const served = () => engine.system.entities.verify(principal('eva'), ENTITY);

describe('verifying one entity', { timeout: LOADED_MACHINE_MS }, () => {
  it('R2: checks signatures of what is new only, says what it relied on, and nothing of it on the serving thread', async () => {
    await start();
    await publish(LINKS);
    const known = new KnownChains();
    expect(await verify(known)).toMatchObject({ verdict: 'OK', entries: LINKS, signatures: LINKS });
    expect(await verify(known)).toMatchObject({ verdict: 'OK', entries: LINKS, signatures: 0 });
    await publish(3);
    const third = await verify(known);
    expect(third).toMatchObject({ verdict: 'OK', entries: LINKS + 3, signatures: 3 });
    expect(third.checked).toContain('signatures of 3 entries, up to the root key');
    expect(third.checked.join('\n')).toContain(`that ${LINKS} entries are, byte for byte, those whose signatures`);
    expect(third.checked).toContain(`inclusion of ${LINKS + 3} entries in the published log`);
    const own = await served();
    expect(own).toMatchObject({ verdict: 'OK', entries: LINKS + 3 });
    expect(own.checked.join('\n')).toContain(`that ${LINKS + 3} entries are, byte for byte`);
    await engine.close();
    await start();
    calls.entries = 0;
    // What another process wrote was not seen by this one: nothing is remembered in the folder.
    expect((await served()).checked).toContain('signatures up to the root key');
    expect((await served()).checked.join('\n')).toContain(`that ${LINKS + 3} entries are, byte for byte`);
    expect(calls.entries).toBe(0);
  });

  it.each([
    [
      'bytes',
      `UPDATE entries SET note = CAST(replace(CAST(note AS TEXT), '1.00', '9.00') AS BLOB) WHERE seq = 2 AND chain = '${ENTITY}'`,
    ],
    ['the recorded hash', `UPDATE entries SET hash = zeroblob(32) WHERE seq = 2 AND chain = '${ENTITY}'`],
    ['a row', `DELETE FROM entries WHERE seq = 2 AND chain = '${ENTITY}'`],
    ['the last row', `DELETE FROM entries WHERE seq = 5 AND chain = '${ENTITY}'`],
    ['the certificate of its key', `DELETE FROM entries WHERE chain LIKE 'keys/%' AND chain <> 'keys/root'`],
  ])('R2: names what a process that remembers nothing names, when somebody took or changed %s', async (_, sql) => {
    await start();
    await publish(6);
    const known = new KnownChains();
    expect(await verify(known)).toMatchObject({ verdict: 'OK' });
    tamper(sql);
    const stranger = await verify();
    expect(stranger.verdict).not.toBe('OK');
    const { verdict, firstBad } = await verify(known);
    expect({ verdict, firstBad }).toEqual({ verdict: stranger.verdict, firstBad: stranger.firstBad });
    expect(await served()).toMatchObject({ verdict, firstBad });
  });

  it('R2: names the entry where the chain is not the one that this process knows, however right it looks', async () => {
    await start();
    await publish(4);
    const other = new KnownChains();
    other.verified(ENTITY, { seq: 2, hash: checked<ChainHash>('0'.repeat(64)) });
    expect(await verify(other)).toMatchObject({ verdict: 'FORK', firstBad: { entity: ENTITY, seq: 2 } });
    const longer = new KnownChains();
    longer.wrote(ENTITY, { seq: 7, hash: checked<ChainHash>('0'.repeat(64)) });
    expect(await verify(longer)).toMatchObject({ verdict: 'MISSING_ENTRY', firstBad: { entity: ENTITY, seq: 4 } });
    // And it stays so: what is remembered is not given up for what is found.
    expect(await verify(other)).toMatchObject({ verdict: 'FORK' });
  });

  it('R2: gives verdicts of a page without checking a signature on the serving thread', async () => {
    await start();
    await publish(20);
    calls.entries = 0;
    const page = await engine.system.entities.entries(principal('eva'), ENTITY, { from: 5, limit: 10, verify: true });
    expect(page.map(({ seq, verification }) => [seq, verification?.verdict])).toEqual(
      Array.from({ length: 10 }, (_, i) => [5 + i, 'OK']),
    );
    expect(calls.entries).toBe(0);
  });

  it('V7: ranges, everything and the documents are verified on other threads than the serving one', async () => {
    await start();
    await publish(20);
    calls.entries = 0;
    const eva = principal('eva');
    for (const scope of [{ mode: 'full' }, { mode: 'range', from: 0, to: 20 }, { mode: 'state' }] as const)
      expect(await engine.system.verifyAll(eva, { scope })).toMatchObject({ verdict: 'OK' });
    expect(calls.entries).toBe(0);
  });

  it('V7: reads a long chain of a folder at rest on several threads, and ends them', async () => {
    await start();
    await publish(5_100);
    await engine.close();
    const options = { scope: { mode: 'entity', entity: ENTITY } } as const;
    expect(await verifyDataDir(dataDir, options)).toMatchObject({ verdict: 'OK', entries: 5_100 });
    tamper(`UPDATE entries SET note = CAST(replace(CAST(note AS TEXT), '1.00', '9.00') AS BLOB) WHERE seq = 5000`);
    expect(await verifyDataDir(dataDir, options)).toMatchObject({
      verdict: 'CONTENT_MISMATCH',
      firstBad: { entity: ENTITY, seq: 5_000 },
    });
  });
});

describe('work that nobody waits for', { timeout: LOADED_MACHINE_MS }, () => {
  const get = (path: string): { readonly answer: Promise<unknown>; leave(): void } => {
    const headers = { authorization: `Bearer ${engine.tokens['eva'] ?? ''}` };
    const asked = request(new URL(path, engine.url), { headers, agent: false });
    const answer = once(asked, 'response').then(async ([response]) => {
      const chunks = await (response as IncomingMessage).toArray();
      const body = JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as { readonly code?: string };
      return { status: (response as IncomingMessage).statusCode, code: body.code };
    });
    asked.end();
    return { answer, leave: () => asked.destroy() };
  };
  /** The entry point counts what is over. */
  const failed = async () => (await engine.system.monitor()).operations.byUseCase.verifyEntity?.failed ?? 0;

  it('R2: ends when the caller leaves, when the engine stops, and not before', async () => {
    await start(true);
    await publish(LINKS);
    await engine.close();
    await start(true);
    // What stands before it takes seconds: it cannot be over when its caller leaves.
    const before = Array.from({ length: 40 }, (_, i) =>
      served().then(
        () => i,
        (error: unknown) => (error as { readonly code?: string }).code,
      ),
    );
    const asked = vi.spyOn(engine.system.entities, 'verify');
    const left = get(`/v1/entities/${encodeURIComponent(ENTITY)}/verify`);
    left.answer.catch(() => {});
    await eventually(() => expect(asked).toHaveBeenCalledTimes(1));
    expect(await failed()).toBe(0);
    left.leave();
    await eventually(async () => expect(await failed()).toBe(1), LOADED_MACHINE_MS);
    const stopped = get(`/v1/entities/${encodeURIComponent(ENTITY)}/verify`);
    await eventually(() => expect(asked).toHaveBeenCalledTimes(2));
    await engine.close();
    expect(await stopped.answer).toEqual({ status: 503, code: 'VERIFICATION_ENDED' });
    expect((await Promise.all(before)).at(-1)).toBe('VERIFICATION_ENDED');
  });

  it('V7: a thread that would never end is ended with its job, and takes nothing with it', async () => {
    await start();
    const script = new URL(
      `data:text/javascript,import { parentPort } from 'node:worker_threads';
       parentPort.on('message', (job) => { while (job === 'for ever'); parentPort.postMessage(job); });`,
    );
    const jobs = new JobThreads<string, string>(script, 2);
    const caller = new AbortController();
    const endless = jobs.run('for ever', caller.signal);
    expect(await jobs.run('short')).toBe('short');
    const queued = [jobs.run('for ever'), jobs.run('behind', caller.signal), jobs.run('also behind')];
    expect(jobs.alive).toBe(2);
    caller.abort();
    await expect(endless).rejects.toMatchObject({ code: 'VERIFICATION_ENDED' });
    await expect(queued[1]).rejects.toMatchObject({ code: 'VERIFICATION_ENDED' });
    expect(await queued[2]).toBe('also behind');
    const rest = expect(queued[0]).rejects.toMatchObject({ code: 'VERIFICATION_ENDED' });
    await jobs.close();
    await rest;
    expect(jobs.alive).toBe(0);
    await expect(jobs.run('after')).rejects.toMatchObject({ code: 'VERIFICATION_ENDED' });
  });

  it('V7: an auditor who leaves ends the verification of the whole ledger', async () => {
    await start();
    await publish(20);
    const caller = new AbortController();
    const report = engine.system.verifyAll(principal('eva'), { signal: caller.signal });
    caller.abort();
    await expect(report).rejects.toMatchObject({ code: 'VERIFICATION_ENDED' });
    expect(await engine.system.verifyAll(principal('eva'))).toMatchObject({ verdict: 'OK' });
  });
});
