/**
 * Entries that one signature covers, and somebody who writes to every file: each way in which the line of a tree can be wrong is
 * named. Everything around the line fits (hashes, links, log, a checkpoint signed with the stolen root key), so that nothing but
 * the line can give it away.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  exportDataDir,
  restoreExport,
  verifyDataDir,
  verifyExport,
  type VerifyDataDirOptions,
} from '../../adapters/embedded/index.ts';
import { toHex } from '../../core/canonical/index.ts';
import { parseBatchSignature, parseEntry } from '../../core/ledger/index.ts';
import { storeForged } from '../verifier/base-ledger.ts';
import { takeApart, Thief, type Draft } from '../verifier/thief.ts';
import { TREE_FAULTS, type TreeFault } from '../verifier/tree-lines.ts';
import { config } from '../../nervous.config.ts';
import { copyOf, leaf, newDir, removeDirs, round, rowsOf, textIn, withEngine } from './tamper-fixture.ts';

const ACCOUNTS = [0, 1, 2, 3, 4];
let original: string;
let thief: Thief;

beforeAll(async () => {
  original = newDir();
  await withEngine(original, async (engine) => {
    await round(engine, '1.00', ACCOUNTS);
    await round(engine, '2.00', ACCOUNTS);
  });
  thief = new Thief(config.origin, readFileSync(join(original, 'root.key'), 'utf8'));
});
afterAll(removeDirs);

/** The ledger signed anew: the five events of each round in one tree. */
function inTrees(): Draft[] {
  const drafts = takeApart(rowsOf(original), config.origin);
  const first = drafts[0]?.body ?? {};
  const events = eventsOf(drafts);
  for (const [i, draft] of events.entries()) draft.tree = Math.floor(i / ACCOUNTS.length);
  return [thief.certificate(String(first['at']), String(first['ledger'])), ...drafts];
}

const eventsOf = (drafts: readonly Draft[]): Draft[] => drafts.filter(({ body }) => body['type'] === 'event');

async function verdictOf(drafts: readonly Draft[]): Promise<unknown> {
  const dir = copyOf(original);
  await storeForged(dir, thief.seal(drafts, { links: true }), thief);
  const { verdict, firstBad } = await verifyDataDir(dir);
  return firstBad === undefined ? verdict : [verdict, firstBad.entity, firstBad.seq];
}

describe('what an engine commits together', () => {
  const folder = newDir();
  beforeAll(() =>
    withEngine(folder, async (engine) => {
      const feed = engine.system.policy.principal('bank-feed');
      if (feed === undefined) throw new Error('the sample roster has changed');
      const event = (i: number) => ({
        ...{ eventId: `t${i}`, topic: 'transactions.new', entityId: `account:${i % 40}` },
        payload: { amount: '1.00', kind: 'credit' },
      });
      await engine.system.publish(
        feed,
        Array.from({ length: 100 }, (_, i) => event(i)),
      );
      await engine.system.publish(feed, [event(100)]);
      await engine.log.loop.flush();
    }),
  );

  it('is signed in trees, each with at most one entry of a chain; what the root key signs, and what is alone, is not', () => {
    const trees = new Map<string, string[]>();
    const plain: string[] = [];
    for (const { chain, note } of rowsOf(folder)) {
      const parsed = parseEntry(note);
      if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
      const batch = parseBatchSignature(parsed.note.signatures[0]?.signature ?? Buffer.of());
      const tree = toHex(batch?.signature ?? Buffer.of());
      if (batch === undefined) plain.push(parsed.body.type === 'event' ? parsed.body.idem : parsed.body.type);
      else trees.set(tree, [...(trees.get(tree) ?? []), chain]);
    }
    expect(plain.sort()).toEqual(['key.certified', 't100']);
    for (const chains of trees.values()) expect(new Set(chains).size).toBe(chains.length);
    expect(Math.max(...[...trees.values()].map(({ length }) => length))).toBeLessThanOrEqual(16);
    expect([...trees.values()].flat()).toHaveLength(100);
  });

  it.each<VerifyDataDirOptions>([
    {},
    { signatures: false },
    { entity: 'account:7' },
    { scope: { mode: 'range', from: 3, to: 50 } },
    { scope: { mode: 'state' } },
  ])('is sound: %j', async (options) => {
    expect(await verifyDataDir(folder, options)).toMatchObject({ verdict: 'OK' });
  });

  it('is sound once exported and restored, and an engine goes on with it', async () => {
    const [out, restored] = [join(newDir(), 'export'), join(newDir(), 'restored')];
    await exportDataDir({ dataDir: folder, out });
    const vkey = textIn(join(folder, 'root.vkey')).trim();
    expect(await verifyExport(out, { verifierKeys: [vkey] })).toMatchObject({ verdict: 'OK' });
    await restoreExport({ from: out, dataDir: restored, rootKeyFile: join(folder, 'root.key') });
    await withEngine(restored, (engine) => round(engine, '3.00'));
    expect(await verifyDataDir(restored)).toMatchObject({ verdict: 'OK' });
  });
});

/** By the form of the bytes alone, whatever they are signed with; every other fault is SIGNATURE_INVALID. */
const UNREADABLE: Readonly<Record<number, readonly TreeFault[]>> = {
  1: ['index-outside', 'size-0', 'size-17', 'size-smaller', 'path-cut', 'path-padded'],
  4: ['index-outside', 'size-0', 'size-17', 'size-smaller', 'size-larger', 'path-cut', 'path-padded', 'index'],
};
const ALWAYS: readonly TreeFault[] = [
  ...(['byte-behind', 'loose-base64', 'no-padding', 'tree-of-one', 'tree-of-seventeen'] as const),
];

describe('an entry in a tree', () => {
  it('is sound, and so are its neighbours', async () => {
    expect(await verdictOf(inTrees())).toBe('OK');
  });

  // The second of five has a path of three hashes; the last, which rises without a sibling, one of one.
  describe.each([1, 4])('as number %i of five', (i) => {
    it.each(TREE_FAULTS)('is named with the line changed: %s', async (fault) => {
      const drafts = inTrees();
      const target = eventsOf(drafts)[ACCOUNTS.length + i] as Draft;
      target.treeFault = fault;
      const isUnreadable = [...ALWAYS, ...(UNREADABLE[i] ?? [])].includes(fault);
      expect(await verdictOf(drafts)).toEqual([isUnreadable ? 'UNREADABLE' : 'SIGNATURE_INVALID', target.chain, 1]);
    });
  });

  it('is no certificate: that is signed by itself', async () => {
    const drafts = inTrees();
    const [certificate] = drafts as [Draft];
    const other = drafts.find(({ chain }) => chain === 'account:0') as Draft;
    drafts.splice(drafts.indexOf(other), 1);
    drafts.splice(1, 0, other);
    certificate.tree = other.tree = 77;
    expect(await verdictOf(drafts)).toEqual(['SIGNATURE_INVALID', certificate.chain, 0]);
  });

  it.each([
    { how: 'by itself', tree: undefined, verdict: 'OK' },
    { how: 'in a tree', tree: 1, verdict: ['SIGNATURE_INVALID', 'keys', 1] },
  ])('is nothing else that the root key signs: key.revoked $how', async ({ tree, verdict }) => {
    const drafts = inTrees();
    const last = drafts.at(-1) as Draft;
    const key = thief.session.name;
    const body = {
      ...last.body,
      entity: key,
      type: 'key.revoked',
      idem: `key.revoked#${key}`,
      data: { key, reason: 'stolen' },
    };
    drafts.push({ chain: key, body, root: true, ...(tree === undefined ? {} : { tree }) });
    expect(await verdictOf(drafts)).toEqual(Array.isArray(verdict) ? [verdict[0], key, verdict[2]] : verdict);
  });

  it('shares a tree with no other entry of its chain: none of them can name the hash of the other', async () => {
    const drafts = inTrees();
    const events = eventsOf(drafts).filter(({ chain }) => chain === 'account:3');
    const [, second] = events as [Draft, Draft];
    second.tree = 0;
    second.seq = 1;
    const at = drafts.indexOf(second);
    drafts.splice(at, 1);
    const last = drafts.filter(({ tree }) => tree === 0).at(-1) as Draft;
    drafts.splice(drafts.indexOf(last) + 1, 0, second);
    expect(await verdictOf(drafts)).toEqual(['LINK_BROKEN', 'account:3', 1]);
  });

  it('has its signature in the place of no other entry, of its chain or not', async () => {
    for (const other of [0, 6]) {
      const drafts = inTrees();
      const dir = copyOf(original);
      const sealed = thief.seal(drafts, { links: true });
      const events = sealed.filter(({ chain }) => chain.startsWith('account:'));
      const [target, giver] = [events[9], events[other]];
      if (target === undefined || giver === undefined) throw new Error('there are ten events');
      const note = withLineOf(target.note, giver.note);
      const forged = sealed.map((one) => (one === target ? { ...one, note, hash: leaf(note) } : one));
      await storeForged(dir, forged, thief);
      const { verdict, firstBad } = await verifyDataDir(dir);
      expect([verdict, firstBad?.entity, firstBad?.seq]).toEqual(['SIGNATURE_INVALID', 'account:4', 1]);
    }
  });
});

function withLineOf(note: Uint8Array, giver: Uint8Array): Uint8Array {
  const end = (bytes: Uint8Array): number => Buffer.from(bytes).lastIndexOf('\n\n') + 2;
  return Buffer.concat([note.subarray(0, end(note)), giver.subarray(end(giver))]);
}
