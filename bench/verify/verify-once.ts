/** One verification in a process of its own: `node bench/verify/verify-once.ts <folder> [hash-only] [<checkpoint file>]`, figures as JSON. */
import { readFileSync } from 'node:fs';
import { verifyDataDir } from '../../adapters/embedded/audit/verify-data-dir.ts';
import { round } from '../support/measure.ts';

const [dataDir = '', how, checkpoint] = process.argv.slice(2);
const cpu = process.cpuUsage();
const start = performance.now();
const { verdict, entries } = await verifyDataDir(dataDir, {
  signatures: how !== 'hash-only',
  ...(checkpoint === undefined ? {} : { scope: { mode: 'since' }, remembered: readFileSync(checkpoint) }),
});
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
const perSecond = Math.round((entries / ms) * 1_000);
const rssMb = Math.round(process.resourceUsage().maxRSS / 1_024);
console.log(
  JSON.stringify({ verdict, entries, perSecond, ms: round(ms), cpuUs: round((user + system) / entries), rssMb }),
);
