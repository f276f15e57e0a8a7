/** W7: a verification that has no time comes to the verdict of one that has, whoever dies on the way. On the tables of AWS. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createSequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import type { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import type { LegName } from '../../adapters/aws/verify/leg-notes.ts';
import { verifyInLegs, type Continued } from '../../adapters/aws/verify/verify-in-legs.ts';
import { LegEnded, type Leg } from '../../adapters/aws/verify/verify-legs.ts';
import { verifyTable } from '../../adapters/aws/verify/verify-table.ts';
import { memoryRootSigner } from '../../adapters/memory/index.ts';
import type { VerificationReport } from '../../core/ledger/index.ts';
import type { FakeDynamo } from '../adapters/aws/dynamo/fake-dynamo.ts';
import { fakeStore } from '../adapters/aws/fake-store.ts';
import { FORGERIES } from './forgeries.ts';
import { honestHistory, LEDGER, ORIGIN, type AuthorityFixture } from './fixture.ts';

const RICH_MS = 900_000;
const NO_TIME_MS = 100_000;
const NOTES = `${LEDGER}#audit`;

interface Fixture {
  readonly dynamo: FakeDynamo;
  readonly store: DynamoStore;
  readonly made: AuthorityFixture;
  readonly verify: (leg?: Leg) => Promise<VerificationReport>;
}

async function createFixture(): Promise<Fixture> {
  const { dynamo, store } = fakeStore();
  const root = memoryRootSigner(ORIGIN);
  const made = await honestHistory({ store, rootSigner: root });
  const verify = async (leg?: Leg): Promise<VerificationReport> => {
    // Each call is another process.
    const options = { store: fakeStore(dynamo).store, ledger: LEDGER, origin: ORIGIN, root, clock: made.clock };
    return verifyTable({ ...options, ...(leg === undefined ? {} : { leg }) });
  };
  return { dynamo, store, made, verify };
}

/** A function that is called until it comes to a verdict. */
function createFunction({ store, made, verify }: Fixture, piecesInTime: number) {
  const waiting: LegName[] = [];
  let [id, calls] = [0, 0];
  const call = (name?: LegName, dies: 'before' | 'after' | 'never' = 'never') => {
    let pieces = 0;
    calls += 1;
    return verifyInLegs(
      {
        ...{ ledger: LEDGER, items: store, clock: made.clock, newId: () => `${(id += 1)}` },
        verify: (leg) => verify({ ...leg, isTimeUp: () => leg.isTimeUp() }),
        remainingMs: () => (pieces++ <= piecesInTime ? RICH_MS : NO_TIME_MS),
        goOn: async (next) => {
          if (dies === 'before') throw new Error('it died before it called');
          waiting.push(next);
          if (dies === 'after') throw new Error('it died after it had called');
        },
      },
      name,
    );
  };
  const untilVerdict = async (dies: (leg: number) => 'before' | 'after' | 'never' = () => 'never') => {
    for (let name: LegName | undefined; ;) {
      const answer = await call(name, dies(name?.leg ?? 1)).catch(() => undefined);
      // What failed is tried again by Lambda, from the same.
      const report: VerificationReport | Continued = answer ?? (await call(name));
      if ('verdict' in report) return report;
      name = waiting.pop();
      if (name === undefined) throw new Error('nobody goes on');
    }
  };
  return { untilVerdict, call, waiting, calls: () => calls };
}

async function sequenced(): Promise<Fixture> {
  const fixture = await createFixture();
  await createSequencer({ store: fixture.store }).catchUp();
  return fixture;
}

let honest: Fixture;
beforeAll(async () => {
  honest = await sequenced();
});

describe('W7: in legs', () => {
  it.each([3, 9])('comes to the report of one call with time for %i pieces of work a call', async (pieces) => {
    const { untilVerdict, calls } = createFunction(honest, pieces);
    const report = await untilVerdict();
    expect(report).toEqual(await honest.verify());
    expect(report.verdict).toBe('OK');
    expect(calls()).toBeGreaterThan(3);
  });

  it.each(FORGERIES.filter((_, i) => i % 3 === 0))('names $name, as in one call', async ({ forge }) => {
    const fixture = await createFixture();
    const place = await forge(fixture.made);
    await createSequencer({ store: fixture.store }).catchUp();
    const report = await createFunction(fixture, 3).untilVerdict();
    expect(report).toEqual(await fixture.verify());
    expect(report).toMatchObject({ verdict: 'UNAUTHORIZED_DECISION', firstBad: { entity: place?.entity } });
  });

  it.each(['before', 'after'] as const)(
    'loses nothing when calls die %s they have called the next one',
    async (dies) => {
      const report = await createFunction(honest, 2).untilVerdict((leg) => (leg % 3 === 0 ? dies : 'never'));
      expect(report).toEqual(await honest.verify());
    },
  );

  it('goes on from what it was handed over, also when the leg before left half of a newer handover', async () => {
    const fixture = await sequenced();
    const { call, waiting } = createFunction(fixture, 3);
    await call();
    const [name] = waiting.splice(0);
    await expect(call(name, 'before')).rejects.toThrow('died');
    expect(await call(name)).toMatchObject({ kind: 'continues', leg: 3 });
    // Once handed over, a late try of the same goes on from the same, side by side.
    expect(await call(name)).toMatchObject({ kind: 'continues', leg: 3 });
    expect(waiting).toHaveLength(2);
    expect(waiting[1]).toEqual(waiting[0]);
  });

  it('says that it was not done when somebody removed what it was handed over, and never nothing', async () => {
    const fixture = await sequenced();
    const { call, waiting } = createFunction(fixture, 3);
    await call();
    await call(waiting.shift());
    const [name] = waiting.splice(0);
    for (const { sk } of await fixture.store.list(NOTES, { prefix: `${name?.run}#3#`, limit: 10 }))
      await fixture.store.write([{ kind: 'delete', key: { pk: NOTES, sk }, expect: 'any' }]);
    const report = await call(name);
    expect(report).toMatchObject({ verdict: 'UNREADABLE', checked: [], entries: 0 });
    expect((report as VerificationReport).firstBad?.detail).toContain('what leg 3 was handed over is gone');
  });

  it('keeps what the last leg was handed for a late try of it, until an audit two days later', async () => {
    const fixture = await sequenced();
    const legs = async (): Promise<unknown[]> => {
      const kept = await fixture.store.list(NOTES, { limit: 100 });
      return [...new Set(kept.map(({ sk }) => sk.split('#').slice(0, 2).join('#')))];
    };
    const { untilVerdict, call } = createFunction(fixture, 3);
    expect(await untilVerdict()).toMatchObject({ verdict: 'OK' });
    expect(await legs()).toHaveLength(1);
    await fixture.made.clock.advance(2 * 86_400_000 + 1);
    await call();
    await untilVerdict();
    expect((await legs()).length).toBeLessThanOrEqual(2);
  });

  it.each([
    ['changed', (bytes: Buffer) => (bytes.set([(bytes[40] ?? 0) ^ 1], 40), bytes.toString('base64'))],
    ['made something else than text', () => ({ toString: 1 })],
  ])('does not go on from what somebody %s, and says that it was not done', async (_, tamper) => {
    const fixture = await sequenced();
    const { call, waiting } = createFunction(fixture, 3);
    await call();
    const [name] = waiting.splice(0);
    const [item] = await fixture.store.list(NOTES, { prefix: `${name?.run}#2#`, limit: 1 });
    const [pk, sk] = [NOTES, item?.sk ?? ''];
    const bytes = Buffer.from(item?.value as string, 'base64');
    await fixture.store.write([{ kind: 'put', key: { pk, sk }, value: tamper(bytes), expect: 'any' }]);
    expect(await call(name)).toMatchObject({ verdict: 'UNREADABLE', checked: [], entries: 0 });
  });

  it('says that it was not done when a piece of work has no end in time, and never OK', async () => {
    const { made, store } = honest;
    const report = await verifyInLegs({
      ...{ ledger: LEDGER, items: store, clock: made.clock, newId: () => '1', goOn: async () => {} },
      verify: () => new Promise(() => {}),
      remainingMs: () => 0,
    });
    expect(report).toMatchObject({ verdict: 'UNREADABLE', checked: [] });
    expect((report as VerificationReport).notChecked.join()).toContain('everything');
  });

  const endless = async (leg?: Leg): Promise<never> => {
    throw new LegEnded(leg?.from ?? {});
  };

  it('is handed over a limited number of times, then says that it was not done', async () => {
    const { untilVerdict, calls } = createFunction({ ...honest, verify: endless }, 1);
    const report = await untilVerdict();
    expect(report).toMatchObject({ verdict: 'UNREADABLE', checked: [] });
    expect(report.firstBad?.detail).toContain('192 times');
    expect(calls()).toBe(192);
    expect(await honest.store.list(NOTES, { prefix: 'x', limit: 10 })).toEqual([]);
  });
});
