import type * as Crypto from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LogMembership, type ReadLogFile } from '../../../../core/ledger/index.ts';
import { LogFolder } from '../log-fixture.ts';

const count = vi.hoisted(() => ({ hashes: 0 }));
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof Crypto>();
  const hash = (...args: Parameters<typeof crypto.hash>): ReturnType<typeof crypto.hash> => {
    count.hashes += 1;
    return crypto.hash(...args);
  };
  return { ...crypto, hash };
});

describe('membership in the published log', () => {
  let log: LogFolder;
  let reads: Map<string, number>;
  const read: ReadLogFile = async (path) => {
    reads.set(path, (reads.get(path) ?? 0) + 1);
    return log.read(path);
  };
  const stored = (position: number) => ({ chain: 'a', seq: position, position, ...(log.entries[position] as object) });
  const membership = (): LogMembership => new LogMembership(read, log.entries.length, log.root());
  const check = async (member: LogMembership, position: number) => member.check(stored(position) as never);

  beforeEach(async () => {
    log = new LogFolder();
    reads = new Map();
  });

  it.each([1, 255, 256, 257, 600, 65_536, 65_537, 65_900])(
    'R2: shows every entry of a log of %i by reading and hashing each tile once',
    async (size) => {
      await log.grow(size);
      const member = membership();
      count.hashes = 0;
      for (let position = 0; position < size; position += 1) {
        const finding = await check(member, position);
        if (finding !== undefined) throw new Error(JSON.stringify(finding));
      }
      expect([...reads.values()].every((times) => times === 1)).toBe(true);
      // A tree has as many inner nodes as leaves.
      expect(count.hashes).toBeLessThanOrEqual(size);
    },
    240_000,
  );

  it.each([
    ['a leaf of a full tile', 'tile/0/000', 40],
    ['a leaf beside it', 'tile/0/000', 41],
    ['the tile above', 'tile/1/000.p/2', 1],
    ['the right edge', 'tile/0/002.p/88', 5],
  ])('R2: finds %s changed', async (_, path, leaf) => {
    await log.grow(600);
    const tile = Uint8Array.from(log.files.get(path) as Uint8Array);
    tile[leaf * 32] = (tile[leaf * 32] as number) ^ 1;
    log.files.set(path, tile);
    expect(await check(membership(), path.includes('002') ? 517 : 40)).toMatchObject({ verdict: 'CONTENT_MISMATCH' });
  });

  it('R2: finds another entry than the one at its index, and a missing tile', async () => {
    await log.grow(600);
    const other = { ...stored(7), hash: log.entries[8]?.hash };
    const member = membership();
    expect(await check(member, 7)).toBeUndefined();
    expect(await member.check(other as never)).toMatchObject({ verdict: 'CONTENT_MISMATCH', position: 7 });
    log.files.delete('tile/0/001');
    expect(await check(member, 300)).toMatchObject({ verdict: 'UNREADABLE', position: 300 });
  });
});
