/** The ledger against everything that was signed or remembered of it: what agrees is listed, what does not is named. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { EpochMs, LeafHash } from '../../../../core/brands/index.ts';
import type { VerificationReport } from '../../../../core/ledger/index.ts';
import { NOW, windowFixture, type WindowFixture } from '../window-fixture.ts';
import { checked } from '../../../support/checked.ts';

const SIZE = 300;
const HOUR_MS = 3_600_000;

let fixture: WindowFixture;
beforeEach(async () => {
  fixture = await windowFixture();
});

/** The finding, without its words. */
const named = ({ firstBad }: VerificationReport): object => {
  const { detail: _, ...place } = firstBad ?? { detail: '' };
  return place;
};
const flipped = (bytes: Uint8Array, at = bytes.length - 1): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

describe('an honest ledger', () => {
  it('agrees with all that is known of it, and gives the checkpoint to keep', async () => {
    await fixture.anchor(0);
    await fixture.anchor(120);
    const witnessMemory = async () => ({ size: 256, root: fixture.root(256) });
    const remembered = await fixture.checkpoint(257);
    const report = await fixture.verify({ remembered, witnessMemory });
    expect(report).toMatchObject({ verdict: 'OK', entries: SIZE, chains: 4 });
    expect(report.against?.map(({ kind, size, count }) => [kind, size, count])).toEqual([
      ['published', SIZE, undefined],
      ['remembered', 257, undefined],
      ['witness-memory', 256, undefined],
      ['anchor', SIZE, 3],
    ]);
    expect(report.checked.join()).toContain(`hash tiles and entry bundles of ${SIZE} published entries`);
    expect(report.checked.join()).toContain('links of every chain');
    expect(report.checkpoint).toContain('ledger.test/main\n300\n');
  });

  it('says that there was nothing to hold it against', async () => {
    fixture.files.clear();
    fixture.anchors.clear();
    const report = await fixture.verify();
    expect(report).toMatchObject({ verdict: 'OK', against: [] });
    expect(report).not.toHaveProperty('checkpoint');
    expect(report.notChecked.join()).not.toContain('anything: ');
    expect(report.checked.join()).not.toContain('hash tiles');
  });

  it('is verified in part, and says which', async () => {
    const part = await fixture.verify({ scope: { mode: 'range', from: 256, to: 280 } });
    expect(part).toMatchObject({ verdict: 'OK', entries: 44 });
    expect(part.checked[0]).toBe('log indices 256 to 299');
    expect(part.notChecked.join()).toContain('entries outside');
    expect(part.notChecked.join()).not.toContain('the ledger ends before them');
    const over = await fixture.verify({ scope: { mode: 'range', from: 256, to: 400 } });
    expect(over.notChecked.join()).toContain('log indices 300 to 399: the ledger ends before them');
    const behind = await fixture.verify({ scope: { mode: 'range', from: SIZE, to: 400 } });
    expect(behind).toMatchObject({ verdict: 'NOT_FOUND' });
    expect((await fixture.verify({ scope: { mode: 'range', from: SIZE - 1, to: 400 } })).verdict).toBe('OK');
  });

  it('is verified from a remembered checkpoint on', async () => {
    const since = await fixture.verify({ scope: { mode: 'since' }, remembered: await fixture.checkpoint(270) });
    expect(since).toMatchObject({ verdict: 'OK', entries: 44 });
    expect(since.against?.map(({ kind }) => kind)).toContain('remembered');
    const none = await fixture.verify({ scope: { mode: 'since' }, remembered: await fixture.checkpoint(SIZE) });
    expect(none.verdict).toBe('OK');
  });

  it('has no entry in question where a part begins at its end', async () => {
    await fixture.publish(256);
    fixture.anchors.clear();
    await fixture.anchor(256);
    fixture.entries = fixture.entries.slice(0, 256);
    const none = await fixture.verify({ scope: { mode: 'since' }, remembered: await fixture.checkpoint(256) });
    expect(none).toMatchObject({ verdict: 'OK', entries: 0 });
    expect(none.notChecked.join()).toContain('anything: the ledger has 256 entries, none of them is in question');
  });
});

describe('anchors', () => {
  it('are asked for, up to the end of what is in question', async () => {
    fixture.anchors.clear();
    await fixture.anchor(256);
    expect((await fixture.verify()).verdict).toBe('OK'); // its newest entry is young
    expect(named(await fixture.verify({ requireAnchored: true }))).toMatchObject({
      verdict: 'NOT_YET_ANCHORED',
      position: 256,
    });
    expect((await fixture.verify({ requireAnchored: false })).verdict).toBe('OK');
    const part = { mode: 'range', from: 0, to: 256 } as const;
    expect((await fixture.verify({ requireAnchored: true, scope: part })).verdict).toBe('OK');
  });

  it('are missed a minute after the newest published entry', async () => {
    fixture.anchors.clear();
    expect((await fixture.verify({ now: checked<EpochMs>(NOW + 59_999) })).verdict).toBe('OK');
    const path = 'ckpt/00000000000000000300';
    expect(named(await fixture.verify({ now: checked<EpochMs>(NOW + 60_000) }))).toMatchObject({
      verdict: 'NOT_YET_ANCHORED',
      path,
    });
    await fixture.anchor(SIZE);
    expect((await fixture.verify({ now: checked<EpochMs>(NOW + HOUR_MS) })).verdict).toBe('OK');
  });

  it('that cannot be read, are of another size, or of another history are named', async () => {
    await fixture.anchor(7, Buffer.from('nonsense'));
    expect(named(await fixture.verify())).toMatchObject({ verdict: 'UNREADABLE', path: 'ckpt/00000000000000000007' });
    await fixture.anchor(7, await fixture.checkpoint(8));
    expect(named(await fixture.verify())).toMatchObject({
      verdict: 'CONTENT_MISMATCH',
      path: 'ckpt/00000000000000000007',
    });
    await fixture.anchor(7, await fixture.checkpoint(7, new Uint8Array(32)));
    expect(named(await fixture.verify())).toMatchObject({ verdict: 'FORK', path: 'ckpt/00000000000000000007' });
    await fixture.anchor(7, await fixture.checkpoint(7));
    expect((await fixture.verify()).verdict).toBe('OK');
  });

  it('of sizes outside a part are left out, but for the newest', async () => {
    await fixture.anchor(7, Buffer.from('nonsense'));
    const part = { mode: 'range', from: 256, to: 300 } as const;
    expect((await fixture.verify({ scope: part })).verdict).toBe('OK');
    await fixture.anchor(SIZE, Buffer.from('nonsense'));
    expect((await fixture.verify({ scope: { mode: 'range', from: 0, to: 7 } })).verdict).toBe('UNREADABLE');
  });
});

describe('points', () => {
  it('that are larger than the ledger name what is gone, or how far it goes', async () => {
    fixture.entries = fixture.entries.slice(0, 280);
    const lost = fixture.committed[280];
    const place = { entity: lost?.chain, seq: lost?.seq, position: 280 };
    expect(named(await fixture.verify())).toEqual({ verdict: 'MISSING_ENTRY', ...place });
    fixture.files.clear();
    expect(named(await fixture.verify())).toMatchObject({ verdict: 'ROLLED_BACK', position: 280 });
  });

  it('that are larger than the published checkpoint say that it was rolled back', async () => {
    await fixture.publish(256);
    expect(named(await fixture.verify())).toMatchObject({ verdict: 'ROLLED_BACK', path: 'checkpoint' });
    fixture.anchors.clear();
    await fixture.anchor(256);
    expect((await fixture.verify()).verdict).toBe('OK');
    const remembered = await fixture.checkpoint(257);
    expect(named(await fixture.verify({ remembered }))).toMatchObject({ verdict: 'ROLLED_BACK' });
  });

  it('that cannot be opened are named', async () => {
    const remembered = await fixture.checkpoint(257);
    // Another character of base64, whichever stands there.
    const at = remembered.length - 5;
    const wrong = Uint8Array.from(remembered).with(at, remembered[at] === 0x41 ? 0x42 : 0x41);
    expect(named(await fixture.verify({ remembered: wrong }))).toMatchObject({ verdict: 'SIGNATURE_INVALID' });
    fixture.files.set('checkpoint', Buffer.from('nonsense'));
    expect(named(await fixture.verify())).toMatchObject({ verdict: 'UNREADABLE', path: 'checkpoint' });
    fixture.files.delete('checkpoint');
    expect((await fixture.verify({ mustBePublished: true })).firstBad?.detail).toContain('begun anew');
  });

  it('of a remembered history that is another are a fork', async () => {
    const remembered = await fixture.checkpoint(257, new Uint8Array(32));
    expect((await fixture.verify({ remembered })).verdict).toBe('FORK');
    const since = await fixture.verify({ remembered, scope: { mode: 'since' } });
    expect(since.verdict).toBe('FORK');
  });

  it('are younger than asked for, or STALE', async () => {
    expect((await fixture.verify({ maxAgeMinutes: 60, now: checked<EpochMs>(NOW + HOUR_MS) })).verdict).toBe('OK');
    expect(named(await fixture.verify({ maxAgeMinutes: 60, now: checked<EpochMs>(NOW + HOUR_MS + 1) }))).toMatchObject({
      ...{ verdict: 'STALE', path: 'checkpoint' },
    });
  });
});

describe('files of the log', () => {
  const at = (position: number): object => {
    const { chain, seq } = fixture.entries[position] ?? {};
    return { entity: chain, seq, position };
  };

  it('that are missing or of another length are named with the first entry that they hold', async () => {
    for (const path of ['tile/0/000', 'tile/entries/000']) {
      await fixture.publish();
      const bytes = fixture.files.get(path) ?? Buffer.of();
      fixture.files.delete(path);
      expect(named(await fixture.verify())).toEqual({ verdict: 'UNREADABLE', path, ...at(0) });
      fixture.files.set(path, bytes.subarray(0, bytes.length - 1));
      expect(named(await fixture.verify())).toMatchObject({ verdict: 'UNREADABLE', path });
    }
  });

  it('that have another hash or other bytes are named', async () => {
    const path = 'tile/0/001.p/44';
    fixture.files.set(path, flipped(fixture.files.get(path) ?? Buffer.of()));
    expect(named(await fixture.verify())).toEqual({ verdict: 'CONTENT_MISMATCH', path, ...at(299) });
    await fixture.publish();
    const bundle = 'tile/entries/001.p/44';
    fixture.files.set(bundle, flipped(fixture.files.get(bundle) ?? Buffer.of(), 40));
    expect(named(await fixture.verify())).toEqual({ verdict: 'CONTENT_MISMATCH', path: bundle, ...at(256) });
    await fixture.publish();
    fixture.files.set(bundle, Buffer.concat([fixture.files.get(bundle) ?? Buffer.of(), Buffer.of(0)]));
    expect(named(await fixture.verify())).toEqual({ verdict: 'UNREADABLE', path: bundle, ...at(299) });
  });

  it('are compared as far as they are published', async () => {
    await fixture.publish(280);
    fixture.anchors.clear();
    await fixture.anchor(280);
    const report = await fixture.verify();
    expect(report.verdict).toBe('OK');
    expect(report.checked.join()).toContain('entry bundles of 280 published entries');
    await fixture.publish(100); // less than a tile: there is no level above
    fixture.anchors.clear();
    await fixture.anchor(100);
    expect((await fixture.verify()).verdict).toBe('OK');
  });

  it('tell what was published where something else is stored', async () => {
    const [one, other] = [fixture.committed[10], fixture.committed[11]];
    if (one === undefined || other === undefined) throw new Error('the fixture is too small');
    const swapped = [...fixture.committed];
    swapped[10] = { ...other, position: 10 };
    swapped[11] = { ...one, position: 11 };
    fixture.committed = swapped;
    fixture.entries = [...swapped];
    expect(named(await fixture.verify())).toMatchObject({ verdict: 'LINK_BROKEN', position: 10 });
  });

  it('above level 0 must follow from those below', async () => {
    const path = 'tile/1/000.p/1';
    expect(fixture.files.has(path)).toBe(true);
    fixture.files.set(path, flipped(fixture.files.get(path) ?? Buffer.of()));
    expect(named(await fixture.verify())).toMatchObject({ verdict: 'CONTENT_MISMATCH', path });
    fixture.files.delete(path);
    expect(named(await fixture.verify())).toMatchObject({ verdict: 'UNREADABLE', path });
  });
});

describe('what follows from entries', () => {
  const finding = { verdict: 'DRIFT', entity: 'account:1', seq: 0, detail: 'x' } as const;

  it('is asked for last: replay, documents, confidential fields', async () => {
    const replay = async () => ({ finding, checked: ['replayed'], notChecked: [] });
    expect((await fixture.verify({ replay })).firstBad).toEqual(finding);
    expect((await fixture.verify({ documents: async () => finding })).firstBad).toEqual(finding);
    expect((await fixture.verify({ fields: async () => finding })).firstBad).toEqual(finding);
    expect((await fixture.verify({ fields: async () => finding, signatures: false })).verdict).toBe('OK');
    const part = { mode: 'range', from: 0, to: 7 } as const;
    expect((await fixture.verify({ replay, scope: part })).verdict).toBe('OK'); // authority begins with the first entry
  });

  it('is listed as checked where it was, and else as not', async () => {
    const whole = await fixture.verify({
      ...{ documents: async () => undefined, fields: async () => undefined },
      replay: async () => ({ checked: ['replayed'], notChecked: ['plans'] }),
    });
    expect(whole.checked).toEqual(expect.arrayContaining(['replayed', 'documents against the chains']));
    expect(whole.checked.join()).toContain('confidential fields');
    expect(whole.notChecked).toContain('plans');
    const bare = await fixture.verify({ signatures: false });
    expect(bare.notChecked.join()).toContain('who was entitled to decide');
    expect(bare.notChecked.join()).toContain('confidential fields');
    expect(bare.notChecked.join()).toContain('signatures up to the root key');
  });
});

describe('the report says exactly', () => {
  const NOBODY_ENTITLED: unknown = expect.stringContaining('who was entitled');
  const FIELDS: unknown = expect.stringContaining('confidential fields');
  const REPLACED =
    'whether anchors and witness were replaced together with the ledger: remember a checkpoint, and verify since it';
  const REMOVED =
    'whether the end of the ledger was removed with every record of it: there was no checkpoint to hold it against';
  const ROOTS = 'the root, recomputed from the entries, at every point listed';
  const OUTSIDE = 'entries outside: of them only hashes, from the published tiles';
  const SIGNED = 'signatures up to the root key';

  it('what a whole verification looked at, and what it did not', async () => {
    const whole = await fixture.verify();
    expect(whole.checked).toEqual([
      'bytes and hashes',
      'links of every chain',
      'every committed entry is there, in its place',
      SIGNED,
      `hash tiles and entry bundles of ${SIZE} published entries`,
      ROOTS,
    ]);
    expect(whole.notChecked).toEqual([NOBODY_ENTITLED, FIELDS, REPLACED]);
    const remembered = await fixture.verify({ remembered: await fixture.checkpoint(SIZE) });
    expect(remembered.notChecked).toEqual([NOBODY_ENTITLED, FIELDS]);
  });

  it('that nothing was there to hold it against', async () => {
    fixture.files.clear();
    fixture.anchors.clear();
    const alone = await fixture.verify();
    expect(alone.checked).toEqual([
      ...['bytes and hashes', 'links of every chain', 'every committed entry is there, in its place', SIGNED],
    ]);
    expect(alone.notChecked).toEqual([
      ...[NOBODY_ENTITLED, FIELDS],
      `${SIZE} entries that no checkpoint covers yet: they rest on session keys alone`,
      'whether entries from log index 0 on are anchored: they are not yet',
      REMOVED,
    ]);
  });

  it('which part it looked at, and what lies outside', async () => {
    const part = await fixture.verify({ scope: { mode: 'range', from: 0, to: 256 }, documents: async () => undefined });
    expect(part.checked).toEqual([
      ...['log indices 0 to 255', 'bytes and hashes', 'links within, and to the entry before'],
      ...['every committed entry is there, in its place', SIGNED],
      ...['hash tiles and entry bundles of 256 published entries', ROOTS, 'documents changed within'],
    ]);
    expect(part.notChecked).toEqual([OUTSIDE, NOBODY_ENTITLED, FIELDS, REPLACED]);
    expect(part).not.toHaveProperty('checkpoint');
  });

  it('how many published entries of a part were compared with files', async () => {
    const files = async (from: number, to: number): Promise<string | undefined> =>
      (await fixture.verify({ scope: { mode: 'range', from, to } })).checked.find((one) =>
        one.startsWith('hash tiles'),
      );
    expect(await files(256, 300)).toBe('hash tiles and entry bundles of 44 published entries');
    expect(await files(256, 290)).toBe('hash tiles and entry bundles of 44 published entries');
    expect(await files(0, 7)).toBe('hash tiles and entry bundles of 256 published entries');
  });

  it('that a part has no entry', async () => {
    await fixture.publish(256);
    fixture.anchors.clear();
    await fixture.anchor(256);
    fixture.entries = fixture.entries.slice(0, 256);
    const none = await fixture.verify({ scope: { mode: 'since' }, remembered: await fixture.checkpoint(256) });
    expect(none.checked[0]).toBe('bytes and hashes');
    expect(none.checked).toContain(ROOTS);
    expect(none.against?.map(({ size }) => size)).toContain(256);
    expect(none.notChecked[0]).toBe('anything: the ledger has 256 entries, none of them is in question');
  });
});

describe('roots beyond a part', () => {
  const part = { mode: 'range', from: 0, to: 256 } as const;

  it('are computed with the tiles behind it, for the published checkpoint and the newest anchor', async () => {
    fixture.anchors.clear();
    await fixture.anchor(290);
    const { verdict, against } = await fixture.verify({ scope: part });
    expect([verdict, against?.map(({ kind, size }) => [kind, size])]).toEqual([
      'OK',
      [
        ['published', SIZE],
        ['anchor', 290],
      ],
    ]);
    await fixture.anchor(290, await fixture.checkpoint(290, new Uint8Array(32)));
    expect((await fixture.verify({ scope: part })).verdict).toBe('FORK');
  });

  it('are computed for nothing that ends within it', async () => {
    fixture.anchors.clear();
    await fixture.anchor(120);
    const within = await fixture.verify({ scope: part });
    expect([within.verdict, within.against?.map(({ size }) => size)]).toEqual(['OK', [SIZE, 120]]);
    await fixture.publish(256);
    expect((await fixture.verify({ scope: part })).against?.map(({ size }) => size)).toEqual([256, 120]);
  });
});

it('a hash that is the same in other memory is the same', async () => {
  fixture.committed = fixture.committed.map((entry) => ({
    ...entry,
    hash: checked<LeafHash>(Uint8Array.from(entry.hash)),
  }));
  expect((await fixture.verify()).verdict).toBe('OK');
});
