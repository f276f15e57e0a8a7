/** One phase of the log bench in a process of its own, so that its memory is its own: `log-phase.ts <phase> <dir> <entries>`. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  exportDataDir,
  restoreExport,
  startEngine,
  verifyDataDir,
  verifyExport,
} from '../../adapters/embedded/index.ts';
import { openRootKey } from '../../adapters/embedded/keys/root-key.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { systemClock, systemIds } from '../../adapters/embedded/machine/system-clock.ts';
import { WorkerSealer } from '../../adapters/embedded/keys/worker-sealer.ts';
import { createLogFolder } from '../../adapters/embedded/log/log-folder.ts';
import { eventIdemKey } from '../../core/events/index.ts';
import { createAppender, proveEntry, type EntryDraft } from '../../core/ledger/index.ts';
import { config } from '../support/bench-config.ts';
import { percentile, round } from '../support/measure.ts';

const PER_CALL = 100;
const IN_FLIGHT = 8;
/** As many entities as the Berka sample has accounts. */
const ENTITIES = 1_178;
/** The engine's own loop publishes far less often than that: publishing is measured alone. */
const NEVER_MS = 2 ** 31 - 1;
const PROOFS = 500;

const [phase = '', folder = '', count = '0'] = process.argv.slice(2);
const dataDir = join(folder, 'data');
const exported = join(folder, 'export');
const remembered = join(folder, 'remembered');
const entries = Number(count);

const PHASES: Readonly<Record<string, () => Promise<Record<string, number>>>> = {
  build,
  publish,
  export: async () => {
    rmSync(exported, { recursive: true, force: true });
    const { bytes, files } = await exportDataDir({ dataDir, out: exported });
    return { megabytes: Math.round(bytes / 1e6), files };
  },
  verifyHashOnly: () => verdict(verifyDataDir(dataDir, { signatures: false })),
  verifySigned: () => verdict(verifyDataDir(dataDir)),
  verifyExportHashOnly: () => verdict(verifyExport(exported, { verifierKeys: keys(), signatures: false })),
  verifyExportSigned: () => verdict(verifyExport(exported, { verifierKeys: keys() })),
  restore: async () => {
    const to = join(folder, 'restored');
    const { entries: restored } = await restoreExport({ from: exported, dataDir: to, verifierKeys: keys() });
    return { restored, megabytes: Math.round(statSync(join(to, 'ledger.db')).size / 1e6) };
  },
  proof,
  since: async () =>
    verdict(verifyDataDir(dataDir, { scope: { mode: 'since' }, remembered: readFileSync(remembered) })),
  remember: async () => {
    writeFileSync(remembered, readFileSync(join(dataDir, 'log', 'checkpoint')));
    return {};
  },
};

const start = performance.now();
const figures = await PHASES[phase]?.();
if (figures === undefined) throw new Error(`no phase "${phase}": ${Object.keys(PHASES).join(', ')}`);
const seconds = round((performance.now() - start) / 1_000);
// Of the whole process with its threads, at its largest.
const maxRssMb = Math.round(process.resourceUsage().maxRSS / 1_000);
console.log(JSON.stringify({ seconds, maxRssMb, ...figures }));

/** Grows the ledger to so many entries at least: appended and signed as ever, but made durable once, at the end. */
async function build(): Promise<Record<string, number>> {
  mkdirSync(dataDir, { recursive: true });
  const db = openForWriting(dataDir, config);
  db.exec('PRAGMA synchronous = OFF');
  const store = new SqliteStore(db);
  const sealer = new WorkerSealer(config.origin);
  const rootSigner = openRootKey(dataDir, config.origin);
  const { ledger, origin } = config;
  const appender = createAppender({ ledger, origin, store, sealer, rootSigner, clock: systemClock, ids: systemIds });
  const before = await store.size();
  let next = before;
  const writer = async (): Promise<void> => {
    while (next < entries) {
      const from = next;
      next += PER_CALL;
      await appender.append({ entries: Array.from({ length: PER_CALL }, (_, i) => event(from + i)) });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer));
  const size = await store.size();
  await sealer.close();
  store.close();
  return { entries: size, added: size - before };
}

/** A transaction as the bank feed publishes it. */
function event(serial: number): { chain: string; idemKey: string; draft: EntryDraft } {
  const idem = `bench-${serial}`;
  const payload = { amount: '1234.50', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '5678.00' };
  return {
    chain: `account:${serial % ENTITIES}`,
    idemKey: eventIdemKey('bank-feed', idem),
    draft: {
      ...{ type: 'event', actor: { kind: 'module', id: 'bank-feed' }, idem },
      data: { topic: 'transactions.new', version: 1, source: 'bank-feed', payload },
    },
  };
}

/** Tiles, bundles, checkpoint, anchor, cosignature of everything that is not published yet. */
async function publish(): Promise<Record<string, number>> {
  const engine = await startEngine({ config, dataDir, http: false, checkpointMs: NEVER_MS });
  await engine.log.loop.flush();
  await engine.close();
  return {};
}

async function proof(): Promise<Record<string, number>> {
  const { read } = createLogFolder(join(dataDir, 'log'));
  const note = (await read('checkpoint')) ?? new Uint8Array();
  const size = Number(Buffer.from(note).toString('utf8').split('\n')[1]);
  const times: number[] = [];
  let hashes = 0;
  for (let i = 0; i < PROOFS; i++) {
    const index = Math.floor((size * i) / PROOFS);
    const from = performance.now();
    const made = await proveEntry({ entry: new Uint8Array(), index, size, note, read });
    times.push(performance.now() - from);
    hashes = Math.max(hashes, made.proof.length);
  }
  times.sort((a, b) => a - b);
  return {
    p50Ms: round(percentile(times, 0.5)),
    p95Ms: round(percentile(times, 0.95)),
    maxMs: round(times.at(-1) ?? 0),
    hashes,
  };
}

async function verdict(report: ReturnType<typeof verifyDataDir>): Promise<Record<string, number>> {
  const { verdict: found, firstBad, entries: verified } = await report;
  if (found !== 'OK') throw new Error(`an honest ledger was found ${found}: ${firstBad?.detail ?? ''}`);
  return { verified };
}

function keys(): string[] {
  return [readFileSync(join(dataDir, 'root.vkey'), 'utf8').trim()];
}
