/** Verifying a whole ledger from its folder, on both cores, with and without signatures. */
import { startEngine, verifyDataDir } from '../adapters/embedded/index.ts';
import { config } from '../nervous.config.ts';
import { withTempDir } from './measure.ts';
import { principal, transaction } from './publish.ts';

export function benchVerify(
  scale: number,
): Promise<{ entries: number; hashOnlyPerSecond: number; withSignaturesPerSecond: number }> {
  return withTempDir(async (dataDir) => {
    const engine = await startEngine({ config, dataDir, http: false });
    const feed = principal(engine, 'bank-feed');
    for (let i = 0; i < 1_000 * scale; i++) await engine.system.publish(feed, Array.from({ length: 100 }, transaction));
    await engine.close();
    const hashOnly = await timed(() => verifyDataDir(dataDir, { signatures: false }));
    const signed = await timed(() => verifyDataDir(dataDir));
    return {
      entries: hashOnly.entries,
      hashOnlyPerSecond: hashOnly.perSecond,
      withSignaturesPerSecond: signed.perSecond,
    };
  });
}

async function timed(verify: () => ReturnType<typeof verifyDataDir>): Promise<{ entries: number; perSecond: number }> {
  const start = performance.now();
  const { verdict, entries } = await verify();
  if (verdict !== 'OK') throw new Error(`an honest ledger was found ${verdict}`);
  return { entries, perSecond: Math.round(entries / ((performance.now() - start) / 1_000)) };
}
