/**
 * The tables against what was signed and remembered of them: what nobody can see in the tables themselves, because the end
 * of the ledger was removed with every record of it, or all of it replaced.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSequencer } from '../../../../adapters/aws/dynamo/sequencer.ts';
import { verifyTable, type VerifyTableOptions } from '../../../../adapters/aws/verify/verify-table.ts';
import { FakeClock, MemoryLog } from '../../../../adapters/memory/index.ts';
import {
  cosignerKey,
  createLogPublisher,
  createWitness,
  ed25519Key,
  type NoteSignatory,
  type VerificationReport,
} from '../../../../core/ledger/index.ts';
import { appenderOn, note, ORIGIN, ROOT } from '../../../core/ledger/ledger-fixture.ts';
import { fakeStore } from '../fake-store.ts';

const HOUR_MS = 3_600_000;
const WITNESS = witnessSignatory();

function witnessSignatory(): NoteSignatory {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { name: `${ORIGIN}/witness`, publicKey: raw, sign: (text) => sign(null, text, privateKey) };
}

/** A ledger on tables, published to `log`. */
class Ledger {
  readonly clock = new FakeClock();
  readonly fixture = fakeStore();
  private readonly appender = appenderOn(this.fixture.store, { clock: this.clock });
  readonly log: MemoryLog;

  constructor(log = new MemoryLog()) {
    this.log = log;
  }

  async append(...ids: string[]): Promise<this> {
    for (const id of ids) {
      await this.appender.append({ entries: [note('a', id)] });
      await createSequencer({ store: this.fixture.store }).catchUp();
    }
    return this;
  }

  async publish(): Promise<this> {
    const { clock, log } = this;
    const logs = new Map([[ORIGIN, [ed25519Key(ORIGIN, ROOT.publicKey)]]]);
    const addCheckpoint = createWitness({ signatory: WITNESS, logs, memory: log.memory, clock });
    await createLogPublisher({
      ...{ origin: ORIGIN, entries: this.fixture.store, files: log.logFiles, anchors: log.anchors, clock },
      ...{ rootSigner: ROOT, witnesses: [{ key: cosignerKey(WITNESS.name, WITNESS.publicKey), addCheckpoint }] },
    }).publish();
    return this;
  }

  verify(options: Partial<VerifyTableOptions> = {}): Promise<VerificationReport> {
    const { clock, log } = this;
    return verifyTable({
      ...{ store: fakeStore(this.fixture.dynamo).store, ledger: 'main', origin: ORIGIN, root: ROOT, clock },
      points: {
        ...{ read: log.logFiles.read, anchors: log.anchors, witnessMemory: () => log.memory.load(ORIGIN) },
        witnessKeys: [cosignerKey(WITNESS.name, WITNESS.publicKey)],
      },
      ...options,
    });
  }

  /** Every trace of the newest entry in the tables. */
  forgetLast(): void {
    const { tables } = this.fixture.dynamo;
    const last = (table: string, pk: string): void => {
      const items = tables.get(table)?.get(pk);
      items?.delete([...items.keys()].sort((a, b) => (Number(a) || 0) - (Number(b) || 0)).at(-1) ?? '');
    };
    last('entries', 'main#a');
    last('state', 'main#log');
    last('state', 'main#index#a');
  }
}

describe('verifying the tables against what was signed', () => {
  it('agrees with every point, and says which', async () => {
    const on = await (await new Ledger().append('1', '2', '3')).publish();
    const report = await (await on.append('4')).verify();
    expect(report).toMatchObject({ verdict: 'OK', entries: 5, chains: 2 });
    const kinds = report.against?.map(({ kind, size }) => [kind, size]);
    expect(kinds).toEqual([
      ['published', 4],
      ['cosignature', 4],
      ['witness-memory', 4],
      ['anchor', 4],
    ]);
    expect(report.notChecked.join()).toContain('1 entries that no checkpoint covers yet');
    expect(await on.verify({ requireAnchored: true })).toMatchObject({ verdict: 'NOT_YET_ANCHORED' });
    expect(await on.verify({ entity: 'a' })).toMatchObject({ verdict: 'OK', entries: 4 });
  });

  it('is not disturbed by entries that have no place in the log yet', async () => {
    const on = await (await new Ledger().append('1')).publish();
    await appenderOn(on.fixture.store, { clock: on.clock }).append({ entries: [note('b', '2')] });
    expect(await on.verify()).toMatchObject({ verdict: 'OK', entries: 4 });
  });

  it.each<[string, (on: Ledger) => unknown, object]>([
    [
      'the tail removed with every record of it',
      (on) => on.forgetLast(),
      { verdict: 'MISSING_ENTRY', firstBad: { entity: 'a', seq: 4 } },
    ],
    [
      'the tail removed from tables and files',
      (on) => {
        on.forgetLast();
        for (const path of on.log.files.keys()) on.log.files.delete(path);
      },
      { verdict: 'ROLLED_BACK' },
    ],
    ['the checkpoint withheld', (on) => on.log.files.delete('checkpoint'), { verdict: 'ROLLED_BACK' }],
    [
      'an anchor exchanged for another',
      (on) => on.log.anchored.set(4, on.log.anchored.get(6) as Uint8Array),
      { verdict: 'CONTENT_MISMATCH', firstBad: { path: 'ckpt/00000000000000000004' } },
    ],
    ['the newest anchor gone', (on) => on.log.anchored.delete(6), { verdict: 'OK' }],
    [
      'the newest anchor gone for an hour',
      (on) => (on.log.anchored.delete(6), on.clock.advance(HOUR_MS)),
      { verdict: 'NOT_YET_ANCHORED' },
    ],
    [
      'a tile changed',
      (on) => {
        const tile = Buffer.from(on.log.files.get('tile/0/000.p/6') ?? []);
        on.log.files.set('tile/0/000.p/6', tile.fill(1, 70, 71));
      },
      { verdict: 'CONTENT_MISMATCH' },
    ],
  ])('%s', async (_, tamper, expected) => {
    const on = await (await new Ledger().append('1', '2', '3')).publish();
    await (await on.append('4', '5')).publish();
    await tamper(on);
    expect(await on.verify()).toMatchObject(expected);
  });

  it('tells another history of the same length, signed by the same key, from the one that was anchored', async () => {
    const real = await (await new Ledger().append('1', '2', '3')).publish();
    const other = await (await new Ledger().append('1', '2', 'other')).publish();
    other.log.anchored.clear();
    for (const [size, anchored] of real.log.anchored) other.log.anchored.set(size, anchored);
    expect(await other.verify()).toMatchObject({ verdict: 'FORK' });
  });

  it('says that a checkpoint is stale, and what a shadowed anchor is', async () => {
    const on = await (await new Ledger().append('1')).publish();
    expect(await on.verify({ maxAgeMinutes: 30 })).toMatchObject({ verdict: 'OK' });
    const seen = { leftOut: 7, shadowed: new Set([2]) };
    const report = await on.verify({ seen });
    expect(report).toMatchObject({ verdict: 'CONTENT_MISMATCH', firstBad: { path: 'ckpt/00000000000000000002' } });
    expect(report.notChecked.join()).toContain('7 of the anchors');
    await on.clock.advance(HOUR_MS);
    expect(await on.verify({ maxAgeMinutes: 30 })).toMatchObject({ verdict: 'STALE' });
  });
});
