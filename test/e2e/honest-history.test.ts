/**
 * No false alarm: whatever happened to an honest ledger (publishers at once, change-sets, restarts, a process killed between
 * any two writes of store, log, anchors or witness), verification finds it OK, and so does one that goes on from any
 * checkpoint ever remembered. `HONEST_HISTORIES=10000 npx vitest run test/e2e/honest-history.test.ts` runs more of them.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  CountingIds,
  FakeClock,
  ImpatientClock,
  localSealer,
  memoryRootSigner,
  MemoryLog,
  MemoryStore,
} from '../../adapters/memory/index.ts';
import {
  createAppender,
  createLogPublisher,
  createWitness,
  cosignerKey,
  ed25519Key,
  type Appender,
  type LogPublisher,
  type PointSources,
  type RootSigner,
  type Witness,
} from '../../core/ledger/index.ts';
import { createEntryVerifier, verifyEntity, verifyPart } from '../../core/system/index.ts';

const RUNS = Number(process.env['HONEST_HISTORIES'] ?? 300);
const ORIGIN = 'ledger.test/main';
const ROOT = memoryRootSigner(ORIGIN);
const WITNESS = memoryRootSigner('witness.test/w1');

type Step =
  /** this many publishers at once, each on a chain of its own or all on one */
  | { readonly kind: 'append'; readonly publishers: number; readonly chain: number | undefined }
  | { readonly kind: 'publish' }
  /** the process dies at one of the next writes, before it is applied or after */
  | { readonly kind: 'crash'; readonly at: number; readonly applied: boolean; readonly during: 'append' | 'publish' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'remember' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      publishers: fc.integer({ min: 1, max: 6 }),
      chain: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
    }),
  },
  // Now and then a log of more than one tile.
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'append', publishers: 90, chain: undefined }) },
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'publish' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      at: fc.nat({ max: 8 }),
      applied: fc.boolean(),
      during: fc.constantFrom('append' as const, 'publish' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'remember' }) },
);

class Killed extends Error {}

/** What survives the process, and the process. */
class Fixture {
  readonly store: MemoryStore;
  readonly log = new MemoryLog();
  readonly clock = new FakeClock();
  readonly remembered: Uint8Array[] = [];
  private writesLeft: { left: number; applied: boolean } | undefined;
  private isDead = false;
  private appended = 0;
  private appender: Appender;
  private publisher: LogPublisher;

  constructor() {
    this.store = new MemoryStore({ faults: { before: () => this.fault(false), after: () => this.fault(true) } });
    this.log.faults = { before: () => this.fault(false), after: () => this.fault(true) };
    [this.appender, this.publisher] = this.start();
  }

  async run(one: Step): Promise<void> {
    switch (one.kind) {
      case 'append':
        return this.append(one.publishers, one.chain);
      case 'publish':
        await this.publisher.publish();
        return;
      case 'crash':
        return this.crash(one);
      case 'restart':
        [this.appender, this.publisher] = this.start();
        return;
      case 'remember': {
        const note = this.log.files.get('checkpoint');
        if (note !== undefined) this.remembered.push(note);
      }
    }
  }

  points(): PointSources {
    return {
      origin: ORIGIN,
      rootKeys: [ed25519Key(ORIGIN, ROOT.publicKey)],
      witnessKeys: [cosignerKey(WITNESS.name, WITNESS.publicKey)],
      read: this.log.logFiles.read,
      anchors: this.log.anchors,
      witnessMemory: () => this.log.memory.load(ORIGIN),
    };
  }

  private async append(publishers: number, chain: number | undefined): Promise<void> {
    const results = await Promise.all(
      Array.from({ length: publishers }, (_, i) => {
        this.appended += 1;
        const idem = `e${this.appended}`;
        const data = { topic: 'orders.new', version: 1, source: 'm', payload: { n: this.appended } };
        const draft = { type: 'event', actor: { kind: 'module' as const, id: 'm' }, idem, data };
        return this.appender.append({ entries: [{ chain: `account:${chain ?? i}`, draft, idemKey: idem }] });
      }),
    );
    for (const { kind } of results) expect(kind).toBe('appended');
  }

  private async crash({ at, applied, during }: Extract<Step, { kind: 'crash' }>): Promise<void> {
    this.writesLeft = { left: at, applied };
    await (during === 'append' ? this.append(3, 1) : this.publisher.publish()).catch(() => undefined);
    // Whatever of the dead process still runs must not write any more.
    this.isDead = true;
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    this.isDead = false;
    this.writesLeft = undefined;
    [this.appender, this.publisher] = this.start();
  }

  private fault(isApplied: boolean): void {
    if (this.isDead) {
      if (!isApplied) throw new Killed();
      return;
    }
    if (this.writesLeft === undefined || this.writesLeft.applied !== isApplied) return;
    if (this.writesLeft.left > 0) {
      this.writesLeft.left -= 1;
      return;
    }
    this.isDead = true;
    throw new Killed();
  }

  private start(): [Appender, LogPublisher] {
    const clock = new ImpatientClock();
    const appender = createAppender({
      ...{ ledger: 'main', origin: ORIGIN, store: this.store, sealer: localSealer, rootSigner: ROOT },
      ...{ clock, ids: new CountingIds() },
    });
    const publisher = createLogPublisher({
      ...{ origin: ORIGIN, entries: this.store, files: this.log.logFiles, anchors: this.log.anchors },
      ...{ witnesses: [this.witness(WITNESS)], rootSigner: ROOT, clock },
    });
    return [appender, publisher];
  }

  private witness(signer: RootSigner): Witness {
    const logs = new Map([[ORIGIN, [ed25519Key(ORIGIN, ROOT.publicKey)]]]);
    const options = { signatory: signer, logs, memory: this.log.memory, clock: this.clock };
    return { key: cosignerKey(signer.name, signer.publicKey), addCheckpoint: createWitness(options) };
  }
}

it('finds every honest history OK', { timeout: 240_000 + RUNS * 200 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const fixture = new Fixture();
      for (const one of steps) await fixture.run(one);
      const { store } = fixture;
      const sources = {
        ...{ ledger: 'main', entries: store, items: store, points: fixture.points(), now: fixture.clock.now() },
        verifier: (signatures: boolean) =>
          createEntryVerifier({ ledger: 'main', root: ROOT, entries: store, signatures }),
      };
      // Hash-only for most: a signature costs as much as everything else of an entry together.
      const signatures = store.log.length < 30;
      const full = await verifyPart(sources, { mode: 'full' }, { signatures });
      expect(full.firstBad).toBeUndefined();
      expect(full).toMatchObject({ verdict: 'OK', entries: store.log.length });
      for (const remembered of fixture.remembered) {
        const since = await verifyPart(sources, { mode: 'since' }, { signatures: false, remembered });
        expect(since.firstBad).toBeUndefined();
        expect(since.against?.some(({ kind }) => kind === 'remembered')).toBe(true);
      }
      const [first] = store.log;
      if (first === undefined) return;
      const { verifier } = sources;
      const entity = { ...sources, origin: ORIGIN, verifier: () => verifier(false) };
      expect((await verifyEntity(entity, store.log.at(-1)?.chain ?? '')).firstBad).toBeUndefined();
      const middle = Math.floor(store.log.length / 2);
      const range = await verifyPart(sources, { mode: 'range', from: middle, to: middle + 1 }, { signatures: false });
      expect(range.firstBad).toBeUndefined();
    }),
    { numRuns: RUNS },
  );
});
