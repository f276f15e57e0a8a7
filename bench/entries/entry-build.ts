/** Building one entry: canonical bytes, signature, hash; no store. */
import { isoOf } from '../../core/brands/index.ts';
import { createSessionKey, genesisHash, prepareEntry, sealRun } from '../../core/ledger/index.ts';
import { systemClock, systemIds } from '../../adapters/embedded/machine/system-clock.ts';
import { percentile, round } from '../support/measure.ts';

export function benchEntryBuild(scale: number): { p50Us: number; p95Us: number } {
  const key = createSessionKey(systemIds.keyPair(), systemClock.now());
  const prev = genesisHash('bench', 'account:1695');
  const at = isoOf(systemClock.now());
  const payload = { amount: '1234.50', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '5678.00' };
  const times: number[] = [];
  for (let seq = 0; seq < 20_000 * scale; seq++) {
    const start = performance.now();
    const prepared = prepareEntry(
      { ledger: 'main', entity: 'account:1695', at },
      {
        type: 'event',
        actor: { kind: 'module', id: 'bank-feed' },
        idem: `bench-${seq}`,
        data: { topic: 'transactions.new', version: 1, source: 'bank-feed', payload },
      },
    );
    sealRun({ prev, seq }, [prepared], key);
    times.push((performance.now() - start) * 1_000);
  }
  times.sort((a, b) => a - b);
  return { p50Us: round(percentile(times, 0.5)), p95Us: round(percentile(times, 0.95)) };
}
