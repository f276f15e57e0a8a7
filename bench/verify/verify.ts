/**
 * Verifying a whole ledger from its folder, on every core, with and without signatures; what came after a checkpoint; one
 * proof. Rates of a shared machine mean little: the CPU time of an entry, on all threads, is what a free one would need.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { checkProof, ed25519Key, parseVerifierKey } from '../../core/ledger/index.ts';
import { config } from '../support/bench-config.ts';
import { round, withTempDir } from '../support/measure.ts';
import { principal, transaction } from '../support/publishing.ts';

const NEW_ENTRIES = 1_000;
const PROOFS = 100;

export function benchVerify(scale: number): Promise<Record<string, number>> {
  return withTempDir(async (dataDir) => {
    const engine = await startEngine({ config, dataDir, http: false });
    await publish(engine, 100_000 * scale);
    const remembered = await engine.system.log.checkpoint();
    await publish(engine, NEW_ENTRIES);
    const proofMs = await proofs(engine, dataDir);
    await engine.close();
    const kept = join(dataDir, 'kept.checkpoint');
    writeFileSync(kept, remembered);
    const hashOnly = once(dataDir, 'hash-only');
    const since = once(dataDir, 'hash-only', kept);
    const signed = once(dataDir, 'signatures');
    return {
      entries: hashOnly.entries,
      hashOnlyPerSecond: hashOnly.perSecond,
      hashOnlyCpuUs: hashOnly.cpuUs,
      hashOnlyRssMb: hashOnly.rssMb,
      withSignaturesPerSecond: signed.perSecond,
      withSignaturesCpuUs: signed.cpuUs,
      withSignaturesRssMb: signed.rssMb,
      sinceEntries: since.entries,
      sinceMs: since.ms,
      proofMs,
    };
  });
}

async function publish(engine: Engine, entries: number): Promise<void> {
  const feed = principal(engine, 'bank-feed');
  for (let i = 0; i < entries / 100; i++) await engine.system.publish(feed, Array.from({ length: 100 }, transaction));
  await engine.log.loop.flush();
}

/** Made by the engine, then checked as anybody would. @returns ms for both */
async function proofs(engine: Engine, dataDir: string): Promise<number> {
  const root = parseVerifierKey(readFileSync(join(dataDir, 'root.vkey'), 'utf8'));
  if (root === undefined) throw new Error('the folder has no root key');
  const start = performance.now();
  for (let i = 0; i < PROOFS; i++) {
    const proof = await engine.system.log.proof(principal(engine, 'eva'), 'account:1', i % 10);
    const { verdict } = checkProof(proof, [ed25519Key(root.name, root.publicKey)], root.name);
    if (verdict !== 'OK') throw new Error(`an honest proof was found ${verdict}`);
  }
  return round((performance.now() - start) / PROOFS);
}

interface Figures {
  readonly verdict: string;
  readonly entries: number;
  readonly perSecond: number;
  readonly ms: number;
  readonly cpuUs: number;
  readonly rssMb: number;
}

/** In a process of its own: the memory of the engine that wrote the ledger is not verification's. */
function once(...args: readonly string[]): Figures {
  const script = join(import.meta.dirname, 'verify-once.ts');
  const figures = JSON.parse(execFileSync(process.execPath, [script, ...args], { encoding: 'utf8' })) as Figures;
  if (figures.verdict !== 'OK') throw new Error(`an honest ledger was found ${figures.verdict}`);
  return figures;
}
