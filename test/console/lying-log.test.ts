/** A server that lies about the log: another tree, an older one, two at once, others' signatures. The browser refuses it, or does not call it verified. */
import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  cosign,
  formatCheckpoint,
  formatProof,
  inclusionProof,
  merkleRoot,
  parseProof,
  signNote,
  type HashReader,
  type LogProof,
} from '../../core/ledger/index.ts';
import { leafHash } from '../../core/canonical/index.ts';
import { must } from '../../core/errors/index.ts';
import { eventually } from '../support/eventually.ts';
import { launchBrowser, openPage } from './browser.ts';
import { startConsoleEngine, type ConsoleEngine } from './engine.ts';
import { honest, startLyingServer, type Lie, type LyingServer } from './lying-server.ts';

const ENTITY = 'account:1695';
const PROOF = `/v1/proof?entity=${ENTITY}`;

let fixture: ConsoleEngine;
let browser: Browser;
let server: LyingServer;

beforeAll(async () => {
  [fixture, browser] = await Promise.all([startConsoleEngine(), launchBrowser()]);
  server = await startLyingServer(fixture.engine.url);
  await publish(20, 'first');
});
afterEach(() => {
  server.lie = honest;
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await fixture.close();
});

/** Events of the entity, and waits until a checkpoint that a witness cosigned covers them. */
async function publish(count: number, name: string): Promise<void> {
  const events = Array.from({ length: count }, (_, i) => ({
    ...{ topic: 'transactions.new' as const, entityId: ENTITY, eventId: `${name}-${i}` },
    payload: { amount: `${i}.00`, kind: 'credit' as const },
  }));
  await fixture.as('bank-feed').publishBatch(events);
  await eventually(async () => {
    const { size, note } = await newestProof();
    const { entries } = await fixture.as('eva').entries(ENTITY);
    expect(size).toBeGreaterThan(entries.at(-1)?.position ?? Infinity);
    expect(note).toContain('/witness ');
  });
}

interface Read extends Omit<LogProof, 'note'> {
  readonly note: string;
  readonly size: number;
  readonly text: string;
}

async function newestProof(): Promise<Read> {
  const { entries } = await fixture.as('eva').entries(ENTITY);
  return read(await fixture.as('eva').proof(ENTITY, must(entries.at(-1), 'an entry').seq));
}

function read(bytes: Uint8Array): Read {
  const parsed = parseProof(bytes);
  if ('malformed' in parsed) throw new Error(parsed.malformed);
  const note = Buffer.from(parsed.note).toString();
  return { ...parsed, note, size: Number(note.split('\n')[1]), text: Buffer.from(bytes).toString() };
}

async function open(principal = 'eva'): Promise<Page> {
  const { page } = await openPage(browser, server.url);
  await page.goto(await fixture.link(principal, server.url));
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await show(page);
  return page;
}

async function show(page: Page): Promise<void> {
  await page.evaluate(`location.hash = '#/inbox'`);
  await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  await page.evaluate(`location.hash = ${JSON.stringify(`#/entities/${encodeURIComponent(ENTITY)}`)}`);
}

interface Told {
  readonly kind: string | null;
  readonly text: string;
  /** what stands under "Verified by this browser" */
  readonly checked: string;
}

async function told(page: Page): Promise<Told> {
  const verdict = page.locator('[data-verdict]');
  await verdict.waitFor();
  const checked = (await page.locator('[data-checked]').allInnerTexts()).join('\n');
  return { kind: await verdict.getAttribute('data-verdict'), text: await verdict.innerText(), checked };
}

const onProof =
  (change: (text: string) => string): Lie =>
  (path, answer) =>
    path.startsWith(PROOF) ? change(answer as string) : answer;

const rootKey = (): KeyObject => createPrivateKey(readFileSync(join(fixture.dataDir, 'root.key')));

function signatoryOf(name: string, key: KeyObject) {
  const publicKey = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
  return { name, publicKey, sign: (text: Uint8Array) => sign(null, text, key) };
}

/** A log of our own making with the entry at the end, signed by this key. */
async function forged(entry: Uint8Array, size: number, { origin, key }: { origin?: string; key?: KeyObject } = {}) {
  const name = must(fixture.rootKey.split('+')[0], 'the name of the root key');
  const leaves = Array.from({ length: size }, (_, i) => (i === size - 1 ? leafHash(entry) : leafHash(Buffer.of(i))));
  const root = merkleRoot(leaves);
  const text = formatCheckpoint({ origin: origin ?? name, size, root });
  const note = await signNote(text, [signatoryOf(name, key ?? rootKey())]);
  const nodes: HashReader = async (wanted) =>
    wanted.map(({ level, index }) => merkleRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));
  const proof = await inclusionProof(size - 1, size, nodes);
  return { text: Buffer.from(formatProof({ entry, index: size - 1, proof, note })).toString(), leaves, note };
}

describe('the place in the log', () => {
  it('is verified from an honest server, by whoever may read the entity, with the witness that the page was told of', async () => {
    for (const person of ['eva', 'boris']) {
      const { kind, checked } = await told(await open(person));
      expect([person, kind]).toEqual([person, 'verified']);
      expect(checked).toMatch(
        /is in the log: at index \d+ of the \d+ entries of a\s+checkpoint that the root key signed/,
      );
      expect(checked).toMatch(/witness .*\/witness saw this checkpoint/);
    }
  });

  it('is verified to continue what the page saw before, when the log has grown', async () => {
    const page = await open();
    expect((await told(page)).checked).not.toContain('continues what');
    await publish(7, 'grown');
    await show(page);
    const { kind, checked } = await told(page);
    expect([kind, checked]).toEqual(['verified', expect.stringContaining('which continues what this page saw')]);
  });

  it('is not said to be verified where the server gives no proof', async () => {
    server.lie = onProof(() => 'no proof');
    const none = await told(await open());
    expect([none.kind, none.text]).toEqual(['refused', expect.stringContaining('proof is none')]);
    server.lie = (path, answer) => (path === '/v1/checkpoint' ? '\n0\n' : answer);
    const { kind, checked, text } = await told(await open());
    expect([kind, checked]).toEqual(['verified', expect.not.stringContaining('in the log')]);
    expect(text).toContain('no checkpoint yet that covers an entry');
  });
});

describe('a server that lies about the log is refused', () => {
  const refused = async (lie: Lie, reason: string, page?: Page): Promise<void> => {
    server.lie = lie;
    const shown = page ?? (await open());
    if (page !== undefined) await show(page);
    const { kind, text } = await told(shown);
    expect([kind, text]).toEqual(['refused', expect.stringContaining(reason)]);
    expect(await shown.locator('.becomes', { hasText: 'verified' }).count()).toBe(0);
  };

  it('whose path leads elsewhere', () =>
    refused(
      onProof((text) => text.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${Buffer.alloc(32, 7).toString('base64')}\n`)),
      'is not at index',
    ));
  it('that names another place', () =>
    refused(
      onProof((text) => text.replace(/\nindex (\d+)/, (_, at: string) => `\nindex ${Number(at) - 1}`)),
      'is not at index',
    ));
  it('that proves another entry', async () => {
    const other = Buffer.from(await fixture.as('eva').proof(ENTITY, 0)).toString();
    await refused(
      onProof(() => other),
      'of another entry',
    );
  });
  it('whose log another key signed', async () => {
    const { entry } = await newestProof();
    const { text } = await forged(entry, 50, { key: generateKeyPairSync('ed25519').privateKey });
    await refused(
      onProof(() => text),
      'not signed by the root key',
    );
  });
  it('whose log is another one of the same key', async () => {
    const { entry } = await newestProof();
    const { text } = await forged(entry, 50, { origin: 'elsewhere.example/log' });
    await refused(
      onProof(() => text),
      'of the log "elsewhere.example/log"',
    );
  });
  it('that goes back to an older checkpoint', async () => {
    const [old, checkpoint] = [await newestProof(), Buffer.from(await fixture.as('eva').checkpoint()).toString()];
    await publish(5, 'newer');
    const page = await open();
    expect((await told(page)).kind).toBe('verified');
    const lie: Lie = (path, answer) =>
      path.startsWith(PROOF) ? old.text : path === '/v1/checkpoint' ? checkpoint : answer;
    await refused(lie, 'and now has', page);
  });
  it.each([
    ['of the same size', 0],
    ['that is larger', 9],
  ])('that shows a second log %s, signed by the true root key', async (_, more) => {
    const page = await open();
    expect((await told(page)).kind).toBe('verified');
    const { entry, size } = await newestProof();
    const { text, leaves } = await forged(entry, size + more);
    const lie: Lie = (path, answer) => {
      if (path.startsWith('/v1/tile/0/')) return Buffer.concat(leaves);
      return path.startsWith(PROOF) ? text : answer;
    };
    await refused(lie, 'the root key signed two logs', page);
  });
  it('not green any more, where it does not show that the log continues', async () => {
    const page = await open();
    expect((await told(page)).kind).toBe('verified');
    const { entry, size } = await newestProof();
    const { text } = await forged(entry, size + 9);
    server.lie = onProof(() => text);
    await show(page);
    const { kind, text: said } = await told(page);
    expect([kind, said]).toEqual(['unknown', expect.stringContaining('does not show that the log continues')]);
  });
  it('whose cosignature is none of the witness that it names', () =>
    refused(
      onProof((text) => text.replace(/(\/witness [A-Za-z0-9+/]{20})[A-Za-z0-9+/]{40}/, `$1${'A'.repeat(40)}`)),
      'cosignature of',
    ));
});

it('counts no cosignature of another key, whatever name it bears', async () => {
  const { note } = await newestProof();
  const [, name] = must(/\n— (\S+\/witness) /.exec(note), 'the line of the witness');
  const line = await cosign(
    Buffer.from(note.slice(0, note.indexOf('\n\n') + 1)),
    Math.floor(Date.now() / 1_000),
    signatoryOf(must(name, 'its name'), generateKeyPairSync('ed25519').privateKey),
  );
  server.lie = onProof((text) => text.replace(/— \S+\/witness \S+\n/, line));
  const page = await open();
  const { kind, checked, text } = await told(page);
  expect([kind, checked]).toEqual(['verified', expect.not.stringContaining('witness')]);
  expect(text).toContain('none that this page was told of has cosigned');
});
