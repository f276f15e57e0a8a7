/**
 * From the commit into the log: shards of the stream, polled, and sequencers that place what a shard gives them, one batch at a time.
 * Where the log has several lanes, an entry has its place when the next merge has taken in its lane.
 */
import type { Design, Load } from './designs.ts';
import type { Chance, EventQueue } from './event-queue.ts';
import { COUNTED, DEPLOYED, LATENCIES, LIMITS, POLL_MS } from './limits.ts';
import type { RateLimit } from './rate-limit.ts';

/** Of a batch record without places; then one for each 16 of them, or so: 105 − 99 for a full batch. */
const RECORD_UNITS = COUNTED.sequence.batch - COUNTED.sequence.entries;
/** Read units of a lane's record, which the merge reads for its hashes. */
const MERGED_RECORD_UNITS = 2;
/** Ends of lanes in a kilobyte of the merge's record; their items are read by one query. */
const LANES_OF_UNIT = 30;

interface SequencingOptions {
  readonly queue: EventQueue;
  readonly chance: Chance;
  readonly design: Design;
  readonly load: Load;
  readonly table: RateLimit;
  readonly log: RateLimit;
}

interface Part {
  readonly shards: number[][];
  busy: boolean;
  /** where the next look begins, so that no shard waits for ever */
  turn: number;
}

export class Sequencing {
  private readonly lags: number[] = [];
  busyMs = 0;
  invocations = 0;
  writeUnits = 0;
  readUnits = 0;
  private placed = 0;
  private merged = 0;
  private waiting = 0;
  private readonly options: SequencingOptions;
  private readonly parts: Part[];

  constructor(options: SequencingOptions) {
    this.options = options;
    const { ledgers, lanes } = options.design;
    const count = ledgers * lanes * DEPLOYED.sequencers;
    const units = (options.load.perSecond * COUNTED.publishUnits.entries) / count;
    const shards = Math.max(4, Math.ceil(units / LIMITS.partitionWriteUnits));
    const empty = (): number[][] => Array.from({ length: shards }, () => []);
    this.parts = Array.from({ length: count }, () => ({ shards: empty(), busy: false, turn: 0 }));
    for (const part of this.parts) this.pollLater(part);
    if (options.design.mergeMs > 0) this.mergeLater();
  }

  get backlog(): number {
    return this.waiting;
  }

  /** Of those that are in the log, and of those that wait for a sequencer: theirs is at least that. */
  lagsSoFar(): number[] {
    const { now } = this.options.queue;
    const waiting = this.parts.flatMap(({ shards }) => shards.flat());
    return [...this.lags, ...waiting.map((committed) => now - committed)];
  }

  /** Entries a second, of all parts together, when none is ever idle. */
  get capacity(): number {
    return this.busyMs === 0 ? 0 : (this.parts.length * this.placed * 1_000) / this.busyMs;
  }

  committed(events: number): void {
    const { chance, queue } = this.options;
    const part = this.parts[Math.floor(chance.uniform() * this.parts.length)];
    for (let event = 0; event < events; event++)
      part?.shards[Math.floor(chance.uniform() * part.shards.length)]?.push(queue.now);
    this.waiting += events;
  }

  private pollLater(part: Part): void {
    const { queue, chance } = this.options;
    queue.at(queue.now + chance.uniform() * 2 * POLL_MS, () => {
      this.serve(part);
      this.pollLater(part);
    });
  }

  /** A batch comes out of one shard. */
  private serve(part: Part): void {
    if (part.busy) return;
    const order = part.shards.map((_, i) => (part.turn + i) % part.shards.length);
    const next = order.find((i) => (part.shards[i]?.length ?? 0) > 0);
    if (next === undefined) return;
    part.turn = next + 1;
    part.busy = true;
    const batch = part.shards[next]?.splice(0, DEPLOYED.sequencerBatch) ?? [];
    this.place(part, batch);
  }

  private place(part: Part, batch: readonly number[]): void {
    const { queue, chance, design, table, log } = this.options;
    const record = Math.max(1, Math.round((RECORD_UNITS * batch.length) / COUNTED.sequence.entries));
    const units = record + batch.length;
    const wait = Math.max(table.wait(queue.now, units), log.wait(queue.now, record));
    const index = Math.max(...batch.map(() => chance.spread(LATENCIES.put)));
    const ms = chance.spread(LATENCIES.invocation) + wait + chance.spread(LATENCIES.put) + index;
    this.writeUnits += units;
    this.busyMs += ms;
    this.invocations += 1;
    const inLog = queue.now + ms;
    queue.at(inLog, () => {
      part.busy = false;
      this.placed += batch.length;
      this.waiting -= batch.length;
      const { mergeMs } = design;
      const merged = mergeMs === 0 ? inLog : (Math.floor(inLog / mergeMs) + 1) * mergeMs + LATENCIES.put.p50 * 2;
      if (mergeMs > 0) this.readUnits += MERGED_RECORD_UNITS;
      for (const committed of batch) this.lags.push(merged - committed);
      this.serve(part);
    });
  }

  /** One record for all lanes: how far each is. */
  private mergeLater(): void {
    const { queue, design } = this.options;
    queue.at(queue.now + design.mergeMs, () => {
      if (this.placed > this.merged) {
        this.writeUnits += Math.ceil(design.lanes / LANES_OF_UNIT);
        this.readUnits += Math.ceil(design.lanes / LANES_OF_UNIT);
      }
      this.merged = this.placed;
      this.mergeLater();
    });
  }
}
