/**
 * `npm run bench [-- <part>] [-- --scale n] [-- --json]`: measures, never judges. Each part runs in a process of its own, so
 * memory and warm-up do not mix. Prints a table and, last, one line of JSON. Compare ratios within one run: machines are
 * noisy. `peers` has options of its own. Parts that need an AWS-compatible endpoint (costs), that start processes (cold-start) or that take many minutes (log, open,
 * soak) run only when named.
 */
import { execFileSync } from 'node:child_process';
import { benchBatchSignatures } from './entries/batch-signatures.ts';
import { benchColdStart, coldStartTable } from './start/cold-start.ts';
import { writeIntoPage } from './support/page.ts';
import { benchCosts } from './costs/costs.ts';
import { benchDelivery } from './delivery/delivery.ts';
import { benchDisk } from './growth/disk.ts';
import { benchEntryBuild } from './entries/entry-build.ts';
import { benchGrowth } from './growth/growth.ts';
import { benchGuard } from './publish/guard.ts';
import { benchLog } from './log/log.ts';
import { runPeers } from './peers/index.ts';
import { primitives } from './support/measure.ts';
import { benchOpen } from './start/open.ts';
import { benchPublish } from './publish/publish.ts';
import { benchRules } from './delivery/rules.ts';
import { benchScale } from './scale/index.ts';
import { benchSoak } from './publish/soak.ts';
import { benchStreams } from './delivery/streams.ts';
import { benchSubscriptions } from './delivery/subscriptions.ts';
import { benchVerify } from './verify/verify.ts';
import { benchVerifyEntity } from './verify/verify-entity.ts';

const PARTS = {
  primitives: () => primitives(),
  entryBuild: (scale: number) => Promise.resolve(benchEntryBuild(scale)),
  batchSignatures: (scale: number) => Promise.resolve(benchBatchSignatures(scale)),
  publish: benchPublish,
  delivery: benchDelivery,
  subscriptions: benchSubscriptions,
  rules: benchRules,
  guard: benchGuard,
  streams: benchStreams,
  verify: benchVerify,
  'verify-entity': benchVerifyEntity,
} as const;
const NAMED_ONLY = {
  'cold-start': benchColdStart,
  costs: benchCosts,
  disk: benchDisk,
  log: benchLog,
  open: benchOpen,
  growth: benchGrowth,
  scale: benchScale,
  soak: benchSoak,
} as const;
const ALL = { ...PARTS, ...NAMED_ONLY };

const args = process.argv.slice(2);
/** `soak 10` is ten minutes of it. */
const minutes = Number(args[args.indexOf('soak') + 1]) || 1;
const scale = Number(args[args.indexOf('--scale') + 1]) || minutes;
const part = args.find((arg): arg is keyof typeof ALL => Object.hasOwn(ALL, arg));

/** Each with whether a value follows it. */
const OPTIONS: Readonly<Record<string, boolean>> = {
  '--json': false,
  '--scale': true,
  '--dir': true,
  '--entries': true,
  '--plot': true,
  '--write': false,
};
const unknown = args.find((arg, i) => {
  if (Object.hasOwn(OPTIONS, arg) || OPTIONS[args[i - 1] ?? ''] === true || Object.hasOwn(ALL, arg)) return false;
  return !(args[i - 1] === 'soak' && Number(arg) > 0);
});
const isWritten = args.includes('--write');
if (args[0] === 'peers') {
  await runPeers(args.slice(1));
} else if (unknown !== undefined || (isWritten && part !== 'cold-start')) {
  console.error(
    `npm run bench -- [${Object.keys(ALL).join(' | ')} | peers] [--scale n] [--json] [--dir <dir>] [--entries n] [--plot <file>] [cold-start --write]`,
  );
  process.exitCode = unknown === '--help' || unknown === '-h' ? 0 : 2;
} else if (part !== undefined) {
  const measured = await ALL[part](scale);
  if (!args.includes('--json')) console.table(measured);
  console.log(JSON.stringify(measured));
  if (isWritten) writeIntoPage('performance.md', 'cold-start', coldStartTable({ ...measured }));
} else {
  const figures: Record<string, Record<string, number>> = {};
  for (const name of Object.keys(PARTS)) {
    const output = execFileSync(process.execPath, [import.meta.filename, name, '--scale', String(scale), '--json'], {
      encoding: 'utf8',
    });
    figures[name] = JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as Record<string, number>;
    if (!args.includes('--json')) console.table(figures[name]);
  }
  const signsPerSecond = 1e6 / (figures['primitives']?.['signUs'] ?? NaN);
  const ratio = (figures['publish']?.['publishers64PerSecond'] ?? NaN) / signsPerSecond;
  figures['ratios'] = { publish64ToOneCoreOfSignatures: Number(ratio.toFixed(2)) };
  console.log(JSON.stringify(figures));
}
