import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FakeClock, MemoryLog, memoryRootSigner } from '../../../../adapters/memory/index.ts';
import { leafHash } from '../../../../core/canonical/index.ts';
import {
  cosignerKey,
  createLogPublisher,
  createWitness,
  ed25519Key,
  formatCheckpoint,
  formatVerifierKey,
  fsckLog,
  HEARTBEAT_MS,
  merkleRoot,
  openCheckpoint,
  signNote,
  type LoggedEntry,
  type LogPublisher,
  type LogPublisherOptions,
  type NoteSignatory,
  type Witness,
} from '../../../../core/ledger/index.ts';

const ORIGIN = 'ledger.test/main';
const ROOT = memoryRootSigner(ORIGIN);
const ROOT_KEY = ed25519Key(ORIGIN, ROOT.publicKey);
const VKEY = formatVerifierKey(ORIGIN, ROOT.publicKey);

const ENTRIES: readonly LoggedEntry[] = Array.from({ length: 70_000 }, (_, position) => {
  const note = Buffer.from(`entry ${position}`);
  return { chain: 'a', seq: position, position, note, hash: leafHash(note) };
});
const rootAt = (size: number): Uint8Array => merkleRoot(ENTRIES.slice(0, size).map(({ hash }) => hash));

function witnessSignatory(): NoteSignatory {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { name: 'witness.test/w', publicKey: raw, sign: (text) => sign(null, text, privateKey) };
}

class Fixture {
  readonly log = new MemoryLog();
  readonly clock = new FakeClock();
  size = 0;
  entries = ENTRIES;
  readonly witness: Witness;
  readonly errors: Error[] = [];

  constructor() {
    const signatory = witnessSignatory();
    const logs = new Map([[ORIGIN, [ROOT_KEY]]]);
    const handle = createWitness({ signatory, logs, memory: this.log.memory, clock: this.clock });
    this.witness = { key: cosignerKey(signatory.name, signatory.publicKey), addCheckpoint: handle };
  }

  publisher(options: Partial<LogPublisherOptions> = {}): LogPublisher {
    return createLogPublisher({
      origin: ORIGIN,
      entries: {
        size: async () => this.size,
        readLog: async (from, limit) => this.entries.slice(from, Math.min(this.size, from + limit)),
      },
      files: this.log.logFiles,
      anchors: this.log.anchors,
      witnesses: [this.witness],
      rootSigner: ROOT,
      clock: this.clock,
      onWitnessError: (error) => void this.errors.push(error),
      ...options,
    });
  }

  /** The log as anybody sees it. */
  async expectSound(size: number): Promise<void> {
    const report = await fsckLog({ read: this.log.logFiles.read, verifierKeys: [VKEY] });
    expect(report).toMatchObject({ verdict: 'OK', size, root: Buffer.from(rootAt(size)).toString('base64') });
    for (const [anchored, note] of this.log.anchored) {
      const opened = openCheckpoint(note, [ROOT_KEY]);
      expect(opened.kind === 'opened' && [opened.checkpoint.size, opened.checkpoint.root]).toEqual([
        anchored,
        rootAt(anchored),
      ]);
    }
  }
}

describe('publishing the log', () => {
  it.each([1, 2, 255, 256, 257, 511, 4_097, 65_535, 65_537])('of %i entries: anybody can check it', async (size) => {
    const fixture = new Fixture();
    fixture.size = size;
    expect(await fixture.publisher().publish()).toMatchObject({ size, grew: true, root: rootAt(size) });
    await fixture.expectSound(size);
    expect(await fixture.log.anchors.newest()).toBe(size);
    expect(fixture.log.remembered.get(ORIGIN)?.size).toBe(size);
  });

  it('of no entries yet is a checkpoint too, and growing goes on from it', async () => {
    const fixture = new Fixture();
    await fixture.publisher().publish();
    await fixture.expectSound(0);
    fixture.size = 3;
    await fixture.publisher().publish();
    await fixture.expectSound(3);
  });

  it.each(['one publisher', 'a new publisher each time'])(
    'grows by %s, and keeps no part of what is full',
    async (who) => {
      const fixture = new Fixture();
      const first = fixture.publisher();
      for (const size of [1, 7, 255, 256, 300, 512, 513, 5_000, 65_536, 65_540, 66_000]) {
        fixture.size = size;
        await (who === 'one publisher' ? first : fixture.publisher()).publish();
        await fixture.expectSound(size);
        const parts = [...fixture.log.files.keys()].filter((path) => path.includes('.p/'));
        const full = parts.filter((path) => fixture.log.files.has(path.slice(0, path.indexOf('.p/'))));
        expect(full).toEqual([]);
      }
    },
  );

  it('does nothing when nothing is new, but has the witness confirm it from time to time', async () => {
    const fixture = new Fixture();
    fixture.size = 5;
    const publisher = fixture.publisher();
    const { note } = await publisher.publish();
    const writes: string[] = [];
    fixture.log.faults.before = (write) => void writes.push(write);
    expect(await publisher.publish()).toMatchObject({ grew: false, note });
    expect(writes).toEqual(['anchor']);
    await fixture.clock.advance(HEARTBEAT_MS);
    const later = await publisher.publish();
    expect(later.grew).toBe(false);
    expect(Buffer.compare(later.note, note)).not.toBe(0);
    await fixture.expectSound(5);
  });

  it('takes no more entries in one round than it may, and each round keeps what it did', async () => {
    const fixture = new Fixture();
    fixture.size = 700;
    const publisher = fixture.publisher({ maxGrowth: 300 });
    for (const size of [300, 600, 700, 700]) {
      expect(await publisher.publish()).toMatchObject({ size });
      await fixture.expectSound(size);
    }
  });

  it.each([0, 1, 200, 256, 300])(
    'of much more than %i entries before, writes every file once, whole',
    async (before) => {
      const fixture = new Fixture();
      fixture.size = before;
      await fixture.publisher().publish();
      const writes: string[] = [];
      fixture.log.faults.before = (write) => {
        if (write.startsWith('write tile/')) writes.push(write.slice('write '.length));
      };
      fixture.size = 5_000;
      await fixture.publisher().publish();
      expect(new Set(writes).size).toBe(writes.length);
      // Only the end of the entries is in part: the chunks in which a log grows leave no others behind.
      const level = (path: string): string => path.split('/')[1] ?? '';
      const parts = writes.filter((path) => path.includes('.p/')).map(level);
      expect(parts.filter((one) => one === '0' || one === 'entries').sort()).toEqual(['0', 'entries']);
      await fixture.expectSound(5_000);
    },
  );

  it('fails in one place when a write fails while others are under way', async () => {
    const fixture = new Fixture();
    fixture.size = 5_000;
    await fixture.publisher().publish();
    fixture.size = 9_000;
    fixture.log.faults.before = (write) => {
      if (write === 'write tile/0/019') throw new Error('broken');
    };
    const later = (path: string): Promise<Uint8Array | undefined> =>
      new Promise((resolve) => setImmediate(() => resolve(fixture.log.files.get(path))));
    const files = { ...fixture.log.logFiles, read: later };
    await expect(fixture.publisher({ files }).publish()).rejects.toThrow('broken');
    fixture.log.faults = {};
    await fixture.publisher().publish();
    await fixture.expectSound(9_000);
  });

  it.each(['gone', 'put back'])(
    'publishes the anchored checkpoint again when the published one is %s',
    async (what) => {
      const fixture = new Fixture();
      fixture.size = 5;
      expect(await fixture.publisher().publish()).toMatchObject({ restored: false });
      const old = fixture.log.files.get('checkpoint') as Uint8Array;
      fixture.size = 300;
      await fixture.publisher().publish();
      if (what === 'gone') fixture.log.files.delete('checkpoint');
      else fixture.log.files.set('checkpoint', old);
      expect(await fixture.publisher().publish()).toMatchObject({ size: 300, grew: false, restored: true });
      await fixture.expectSound(300);
      const note = fixture.log.files.get('checkpoint') ?? new Uint8Array();
      expect(openCheckpoint(note, [fixture.witness.key, ROOT_KEY], ORIGIN)).toMatchObject({ signatures: [{}, {}] });
      expect(await fixture.publisher().publish()).toMatchObject({ restored: false });
    },
  );

  it('goes on without a witness that is away, and catches up with one that knows less', async () => {
    const fixture = new Fixture();
    fixture.size = 5;
    fixture.log.faults.before = (write) => {
      if (write === 'witness') throw new Error('away');
    };
    await fixture.publisher().publish();
    expect(fixture.errors.map(({ message }) => message)).toEqual(['away']);
    fixture.log.faults = {};
    fixture.size = 900;
    const { note } = await fixture.publisher().publish();
    expect(openCheckpoint(note, [fixture.witness.key, ROOT_KEY], ORIGIN)).toMatchObject({ signatures: [{}, {}] });
  });
});

describe('refuses to sign', () => {
  const published = async (size = 1_000): Promise<Fixture> => {
    const fixture = new Fixture();
    fixture.size = size;
    await fixture.publisher().publish();
    fixture.size = size + 500;
    return fixture;
  };
  const refused = async (fixture: Fixture, code: string): Promise<void> => {
    const before = new Map(fixture.log.anchored);
    await expect(fixture.publisher().publish()).rejects.toMatchObject({ code });
    expect(fixture.log.anchored).toEqual(before);
  };

  it('when entries were lost', async () => {
    const fixture = await published();
    fixture.size = 999;
    await refused(fixture, 'LOG_SHRUNK');
  });

  it('when an entry does not have the bytes it was stored with', async () => {
    const fixture = await published();
    fixture.entries = fixture.entries.map((entry, i) => (i === 1_200 ? { ...entry, note: Buffer.from('x') } : entry));
    await refused(fixture, 'LOG_DIVERGED');
  });

  it.each(['tile/0/003.p/232', 'tile/1/000.p/3'])('when %s was changed since', async (path) => {
    const fixture = await published();
    const tile = Buffer.from(fixture.log.files.get(path) ?? []);
    tile[0] = (tile[0] ?? 0) ^ 1;
    fixture.log.files.set(path, tile);
    await refused(fixture, 'LOG_DIVERGED');
  });

  it('when the checkpoint was put back: the anchor says how far the log had come', async () => {
    const fixture = await published();
    const old = fixture.log.files.get('checkpoint') as Uint8Array;
    await fixture.publisher().publish();
    fixture.log.files.set('checkpoint', old);
    fixture.size = 1_200;
    await refused(fixture, 'LOG_SHRUNK');
  });

  it('when the checkpoint is not ours', async () => {
    const fixture = await published();
    const forged = await signNote(formatCheckpoint({ origin: ORIGIN, size: 1_000, root: rootAt(1_000) }), [
      { ...memoryRootSigner(ORIGIN), name: ORIGIN, publicKey: witnessSignatory().publicKey },
    ]);
    fixture.log.files.set('checkpoint', forged);
    await refused(fixture, 'LOG_DIVERGED');
  });

  it('when the size is anchored with another root', async () => {
    const fixture = await published();
    const other = await signNote(formatCheckpoint({ origin: ORIGIN, size: 1_500, root: rootAt(1) }), [ROOT]);
    fixture.log.anchored.set(1_500, other);
    await expect(fixture.publisher().publish()).rejects.toMatchObject({
      code: expect.stringMatching(/^(LOG_DIVERGED|TILE_MISSING)$/) as unknown,
    });
  });
});

/** Grows the log in steps; a failed or killed round is simply tried again by a new publisher. */
async function growWith(fixture: Fixture, sizes: readonly number[]): Promise<number> {
  let failures = 0;
  for (const size of sizes) {
    fixture.size = size;
    for (;;) {
      try {
        await fixture.publisher().publish();
        break;
      } catch (error) {
        failures += 1;
        expect(String(error)).toContain('broken');
        expect(failures).toBeLessThan(4);
      }
    }
  }
  return failures;
}

describe('the fault table: every write broken, or the process killed around it', () => {
  const SIZES = [3, 255, 260, 700];
  it('ends with the same log, consistent with every checkpoint that was ever shown', async () => {
    const plain = new Fixture();
    let writes = 0;
    plain.log.faults.before = () => void (writes += 1);
    await growWith(plain, SIZES);
    expect(writes).toBeGreaterThan(30);
    const expected = [...plain.log.files].filter(([path]) => path !== 'checkpoint').sort();

    for (const when of ['before', 'after'] as const) {
      for (let broken = 0; broken < writes; broken += 1) {
        const fixture = new Fixture();
        const shown: Uint8Array[] = [];
        let count = 0;
        const strike = (): void => {
          const checkpoint = fixture.log.files.get('checkpoint');
          if (checkpoint !== undefined) shown.push(checkpoint);
          if (count++ === broken || count === broken + 5) throw new Error('broken');
        };
        fixture.log.faults[when] = strike;
        const failures = await growWith(fixture, SIZES);
        expect(failures + fixture.errors.length, `${when} ${broken}`).toBeGreaterThan(0);
        await fixture.expectSound(700);
        for (const [path, bytes] of expected)
          expect(Buffer.compare(fixture.log.files.get(path) ?? Buffer.of(), bytes), `${when} ${broken}: ${path}`).toBe(
            0,
          );
        for (const note of shown) {
          const opened = openCheckpoint(note, [ROOT_KEY], ORIGIN);
          if (opened.kind !== 'opened') throw new Error(opened.reason);
          expect(opened.checkpoint.root).toEqual(rootAt(opened.checkpoint.size));
        }
      }
    }
  });

  it('and two publishers at once make one log', async () => {
    const fixture = new Fixture();
    for (const size of [10, 600, 1_300]) {
      fixture.size = size;
      await Promise.all([fixture.publisher().publish(), fixture.publisher().publish(), fixture.publisher().publish()]);
    }
    await fixture.expectSound(1_300);
  });
});
