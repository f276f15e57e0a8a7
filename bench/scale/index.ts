/**
 * `npm run bench -- scale`: the pipeline on AWS at 10, 1,000 and 100,000 events a second, simulated from a seed. For each design: how
 * long an event takes to its subscriber and into the log, what a million costs, what breaks first, and at how many events a second.
 */
import { percentile, round } from '../support/measure.ts';
import { DESIGNS, type Design, type Load } from './designs.ts';
import { Chance, EventQueue } from './event-queue.ts';
import { COUNTED, LIMITS, PRICES } from './limits.ts';
import { simulate, type Run } from './pipeline.ts';
import { RateLimit } from './rate-limit.ts';
import { Sequencing } from './sequencing.ts';

const RATES = [10, 1_000, 100_000];
/** Busy publishers send batches; the quiet one sends what it has. */
const EVENTS_OF_REQUEST: Readonly<Record<number, number>> = { 10: 1, 1_000: 1, 100_000: 100 };
const MAX_EVENTS = 400_000;
const SECONDS = { least: 4, most: 120 };
/** Records of few entries are for quiet traffic: they fill before their partition does. */
const ENTRIES_OF_LOG_UNIT = COUNTED.sequence.entries / (COUNTED.sequence.batch - COUNTED.sequence.entries);
const SEED = 20_261_122;
const HOTTEST = 0.001;
/** What is on its way goes up and down; a log falls behind by more than this part of what comes. */
const SETTLED = 0.05;
/** µs of a merge for each entry: its hash out of the lane's record, and two hashes of the tree, at 1.3 µs each. */
const MERGE_US = 4;

export interface Row {
  readonly accepted: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  /** events a second by which the log falls behind what is committed */
  readonly fallsBehind: number;
  readonly dollarsAMillion: number;
  readonly breaksFirst: string;
  readonly breaksAt: number;
}

export function loadOf(perSecond: number, scale = 1): Load {
  const seconds = Math.max(SECONDS.least, Math.min(SECONDS.most, (MAX_EVENTS * scale) / perSecond));
  return { perSecond, events: EVENTS_OF_REQUEST[perSecond] ?? 1, seconds, seed: SEED, hottest: HOTTEST };
}

export async function benchScale(scale: number): Promise<Record<string, Row>> {
  const rows: Record<string, Row> = {};
  for (const design of DESIGNS)
    for (const perSecond of RATES)
      rows[`${design.name}, ${perSecond}/s`] = rowOf(simulate(design, loadOf(perSecond, scale)));
  return rows;
}

export function rowOf(run: Run): Row {
  const { load, offered, accepted, latencies, lags, backlog } = run;
  const [first] = ceilings(run);
  const grown = (backlog.atEnd - backlog.atHalf) / (load.seconds / 2);
  return {
    accepted: `${round((100 * accepted) / offered)} %`,
    p50Ms: round(percentile(latencies, 0.5)),
    p99Ms: round(percentile(latencies, 0.99)),
    lagP50Ms: round(percentile(lags, 0.5)),
    lagP99Ms: round(percentile(lags, 0.99)),
    fallsBehind: grown < (SETTLED * accepted) / load.seconds ? 0 : round(grown),
    dollarsAMillion: round(dollarsAMillion(run)),
    breaksFirst: first?.name ?? '',
    breaksAt: round(first?.perSecond ?? 0),
  };
}

export interface Ceiling {
  readonly name: string;
  /** events a second */
  readonly perSecond: number;
}

/** At which load each limit is reached, the lowest first, if the load stays as it is but for its rate. */
export function ceilings({ design, load, offered, accepted, limits, functionMs, requests }: Run): Ceiling[] {
  const refused = offered / Math.max(1, accepted);
  const perLimit = limits
    .filter(({ asked }) => asked > 0)
    .map(({ name, perSecond, asked }, i): Ceiling => {
      if (name === 'functions at once') {
        const ms = functionMs.publish / Math.max(1, requests / refused);
        return { name, perSecond: (perSecond * load.events * 1_000) / Math.max(1, ms) };
      }
      if (name === 'write units of the log records') return { name, perSecond: perSecond * ENTRIES_OF_LOG_UNIT };
      const each = (asked * (i === 0 ? 1 : refused)) / offered; // what was refused by the API asks nothing of others
      return { name, perSecond: perSecond / each };
    });
  const sequencer = { name: 'sequencers', perSecond: sequencerCeiling(design, load) };
  const merge = design.mergeMs > 0 ? [{ name: 'the merge', perSecond: 1e6 / MERGE_US }] : [];
  return [...perLimit, sequencer, ...merge].sort((a, b) => a.perSecond - b.perSecond);
}

/** With batches always full. */
function sequencerCeiling(design: Design, { seed }: Load): number {
  const [queue, chance] = [new EventQueue(), new Chance(seed)];
  const load = { perSecond: 1, events: 1, seconds: 1, seed, hottest: 0 };
  const unlimited = new RateLimit('', Number.MAX_SAFE_INTEGER);
  const log = new RateLimit('', LIMITS.partitionWriteUnits * design.ledgers * design.lanes);
  const sequencing = new Sequencing({ queue, chance, design, load, table: unlimited, log });
  for (let events = 0; events < 20_000 * design.ledgers * design.lanes; events += 100) sequencing.committed(100);
  queue.run(2_000);
  return sequencing.capacity;
}

/** Half a GB, but for the function that publishes; the rest as docs/costs.md adds it up, with one subscription and ten messages a receive. */
const SEQUENCER_GB = 0.5;
const ARCHIVE_AND_SWEEP = 0.08 + 0.17 + 0.02;
const DELIVER = PRICES.sqsRequest * 1.2 + PRICES.readUnit;
/** What a function computes is paid, and so is its waiting for others: docs/costs.md assumes 30 ms where this counts them. */
export function dollarsAMillion(run: Run): number {
  const { accepted, requests, offered, invocations, functionMs, writeUnits, readUnits } = run;
  const taken = requests * (accepted / offered);
  const seconds = { publish: functionMs.publish / 1_000, behind: (functionMs.sequence * SEQUENCER_GB * 2) / 1_000 };
  const dollars =
    PRICES.apiRequest * taken +
    PRICES.lambdaRequest * (taken + 2 * invocations) +
    PRICES.gigabyteSecond * (seconds.publish + seconds.behind / 2) +
    PRICES.writeUnit * writeUnits +
    PRICES.readUnit * (readUnits + invocations) +
    PRICES.logGigabyte * (1.1 * taken + 0.4 * invocations);
  return dollars / Math.max(1, accepted) + PRICES.event + DELIVER + ARCHIVE_AND_SWEEP;
}
