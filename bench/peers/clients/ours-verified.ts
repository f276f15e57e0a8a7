/** A whole verification of a folder of ours, in a process of its own, from the module that ENGINE names. */
import type * as engineModule from '../../../adapters/embedded/index.ts';
import { ownCpu, print, setting } from './load.ts';

const { verifyDataDir } = (await import(setting('ENGINE'))) as typeof engineModule;
const signatures = setting('SIGNATURES') !== '';
const name = signatures ? 'verifySigned' : 'verify';

const cpu = ownCpu();
const begin = performance.now();
const { verdict, entries } = await verifyDataDir(setting('DIR'), { signatures });
const seconds = (performance.now() - begin) / 1_000;
if (verdict !== 'OK') throw new Error(`an honest ledger was found ${verdict}`);
print({
  [`${name}Seconds`]: seconds,
  [`${name}PerSecond`]: Math.round(entries / seconds),
  [`${name}CpuUs`]: ((ownCpu() - cpu) * 1e6) / entries,
});
