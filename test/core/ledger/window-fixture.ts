/** A ledger in memory with its published log, anchors and witness, and its verification: what a test changes, it must name. */
import {
  CountingIds,
  ImpatientClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../adapters/memory/index.ts';
import {
  createAppender,
  ed25519Key,
  EntryVerifier,
  formatCheckpoint,
  growLog,
  merkleRoot,
  signNote,
  verifySegment,
  type AnchorStore,
  type LoggedEntry,
  type NoteSignatory,
  type ReadLogFile,
  type VerificationReport,
} from '../../../core/ledger/index.ts';
import { checkTile } from '../../../core/ledger/verify/verify-files.ts';
import { verifyWindow, type WindowOptions } from '../../../core/ledger/verify/verify-window.ts';

export const ORIGIN = 'ledger.test/main';
export const ROOT = memoryRootSigner(ORIGIN);
const ROOT_KEY = ed25519Key(ORIGIN, ROOT.publicKey);
/** Of the clock that stamps entries: it stands still. */
export const NOW = new ImpatientClock().now();

export class WindowFixture {
  readonly files = new Map<string, Uint8Array>();
  readonly anchors = new Map<number, Uint8Array>();
  readonly read: ReadLogFile = async (path) => this.files.get(path);
  entries: LoggedEntry[] = [];
  /** as many were committed, whatever is stored of them */
  committed: readonly LoggedEntry[] = [];

  root(size: number): Uint8Array {
    return merkleRoot(this.committed.slice(0, size).map(({ hash }) => hash));
  }

  checkpoint(size: number, root = this.root(size), signers: readonly NoteSignatory[] = [ROOT]): Promise<Uint8Array> {
    return signNote(formatCheckpoint({ origin: ORIGIN, size, root }), signers);
  }

  async publish(size = this.committed.length): Promise<void> {
    const entries = this.committed.slice(0, size);
    this.files.clear();
    for await (const { path, bytes } of growLog({ size: 0, entries, read: this.read })) this.files.set(path, bytes);
    this.files.set('checkpoint', await this.checkpoint(size));
  }

  async anchor(size: number, note?: Uint8Array): Promise<void> {
    this.anchors.set(size, note ?? (await this.checkpoint(size)));
  }

  async verify(options: Partial<WindowOptions> = {}): Promise<VerificationReport> {
    const byPlace = (chain: string, seq: number): LoggedEntry | undefined =>
      this.entries.find((one) => one.chain === chain && one.seq === seq);
    const readLog = async (from: number, limit: number): Promise<LoggedEntry[]> =>
      this.entries.filter(({ position }) => position >= from).slice(0, limit);
    const readChain = async (chain: string, from: number, limit: number): Promise<LoggedEntry[]> =>
      this.entries.filter((one) => one.chain === chain && one.seq >= from).slice(0, limit);
    const anchors: Pick<AnchorStore, 'read' | 'sizes'> = {
      read: async (size) => this.anchors.get(size),
      sizes: async (after, limit) =>
        [...this.anchors.keys()]
          .sort((a, b) => a - b)
          .filter((size) => size > after)
          .slice(0, limit),
    };
    return verifyWindow({
      ...{ origin: ORIGIN, rootKeys: [ROOT_KEY], read: this.read, anchors, scope: { mode: 'full' } },
      ...{ signatures: true, now: NOW, entries: { read: readChain, readLog }, size: async () => this.entries.length },
      segments: async ({ from, to, sizes, published, isShort }) => {
        const verifier = new EntryVerifier({
          ...{ ledger: 'main', root: ROOT, signatures: true, rootSigned: () => false },
          certificate: async (name) => byPlace(name, 0),
        });
        const files = {
          ...{ read: this.read, size: published, isLenient: isShort },
          find: async (chain: string, seq: number) => byPlace(chain, seq),
        };
        const pairs = this.entries
          .slice(from, to)
          .map((entry, i) => ({ position: entry.position, place: this.committed[from + i], entry }));
        const segment = await verifySegment(
          (async function* () {
            yield pairs;
          })(),
          verifier,
          { from, sizes, onTile: (index, entries) => checkTile(files, index, entries) },
        );
        return [segment];
      },
      ...options,
    });
  }
}

/** Events of three chains in turn, and the certificate before them; published and anchored whole. */
export async function windowFixture(events = 299): Promise<WindowFixture> {
  const store = new MemoryStore();
  const appender = createAppender({
    ...{ ledger: 'main', origin: ORIGIN, store, sealer: localSealer, rootSigner: ROOT },
    ...{ clock: new ImpatientClock(), ids: new CountingIds() },
  });
  const data = { payload: {}, source: 'm', topic: 'a.b', version: 1 };
  for (let i = 0; i < events; i += 1) {
    const draft = { type: 'event', actor: { kind: 'module' as const, id: 'm' }, idem: `e${i}`, data };
    await appender.append({ entries: [{ chain: `account:${i % 3}`, draft }] });
  }
  const fixture = new WindowFixture();
  fixture.committed = store.log.map((entry) => ({ ...entry }));
  fixture.entries = [...fixture.committed];
  await fixture.publish();
  await fixture.anchor(fixture.committed.length);
  return fixture;
}
