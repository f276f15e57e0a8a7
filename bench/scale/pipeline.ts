/**
 * One deployment under a load, event by event: from the request over commit, relay and rule to the subscriber, and from the commit over
 * the stream and the sequencer into the log. Whoever is refused does not try again; who has to wait for units does, as the SDK does.
 */
import type { Design, Load } from './designs.ts';
import { Chance, EventQueue } from './event-queue.ts';
import { COUNTED, DEPLOYED, LATENCIES, LIMITS } from './limits.ts';
import { RateLimit } from './rate-limit.ts';
import { Sequencing } from './sequencing.ts';

export interface Run {
  readonly design: Design;
  readonly load: Load;
  readonly offered: number;
  readonly accepted: number;
  /** ms from the request to the subscriber, and from the commit to the log; ascending */
  readonly latencies: readonly number[];
  readonly lags: readonly number[];
  /** events that were committed and are not in the log, halfway and when the load ends */
  readonly backlog: { readonly atHalf: number; readonly atEnd: number };
  readonly limits: readonly RateLimit[];
  /** ms of functions that publish, and of sequencers */
  readonly functionMs: { readonly publish: number; readonly sequence: number };
  readonly requests: number;
  readonly invocations: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** entries a second that the sequencers can place when they are never idle */
  readonly sequencerCapacity: number;
}

export function simulate(design: Design, load: Load): Run {
  return new Pipeline(design, load).run();
}

class Pipeline {
  private readonly design: Design;
  private readonly load: Load;
  private readonly queue = new EventQueue();
  private readonly chance: Chance;
  private readonly limits: Readonly<Record<keyof typeof NAMES, RateLimit>>;
  private readonly sequencing: Sequencing;
  private readonly latencies: number[] = [];
  private readonly counts = { offered: 0, accepted: 0, requests: 0, units: 0, publishMs: 0 };
  private busy = 0;

  constructor(design: Design, load: Load) {
    this.design = design;
    this.load = load;
    this.chance = new Chance(load.seed);
    this.limits = limitsOf(design);
    const { queue, chance, limits } = this;
    this.sequencing = new Sequencing({
      queue,
      chance,
      design,
      load,
      table: limits.stateTable,
      log: limits.logPartition,
    });
  }

  run(): Run {
    const { design, load, queue, counts, sequencing, latencies } = this;
    this.arriveLater();
    queue.run(load.seconds * 500);
    const atHalf = sequencing.backlog;
    queue.run(load.seconds * 1_000);
    const lags = sequencing.lagsSoFar().sort((a, b) => a - b);
    return {
      ...{ design, load, lags, latencies: latencies.sort((a, b) => a - b) },
      ...{ offered: counts.offered, accepted: counts.accepted, requests: counts.requests },
      limits: Object.values(this.limits),
      backlog: { atHalf, atEnd: sequencing.backlog },
      functionMs: { publish: counts.publishMs, sequence: sequencing.busyMs },
      invocations: sequencing.invocations,
      writeUnits: counts.units + sequencing.writeUnits,
      readUnits: sequencing.readUnits,
      sequencerCapacity: sequencing.capacity,
    };
  }

  private arriveLater(): void {
    const { queue, chance, load } = this;
    queue.at(queue.now + chance.gap(load.perSecond / load.events), () => {
      this.arrive();
      this.arriveLater();
    });
  }

  private arrive(): void {
    const { queue, limits, load, counts } = this;
    counts.offered += load.events;
    counts.requests += 1;
    const { api, functions } = limits;
    functions.asked += 1;
    if (!api.take(queue.now, 1) || this.busy >= functions.perSecond) return;
    this.busy += 1;
    this.publish(queue.now);
  }

  private publish(begun: number): void {
    const { queue, chance, limits, load, counts } = this;
    const { entries, state } = COUNTED.publishUnits;
    const hot = chance.uniform() < load.hottest ? load.events : 0;
    const waits = [
      limits.entriesTable.wait(begun, entries * load.events),
      limits.stateTable.wait(begun, state * load.events + COUNTED.markUnits),
      limits.hottestChain.wait(begun, entries * hot) * Math.sign(hot),
    ];
    counts.units += (entries + state) * load.events + COUNTED.markUnits;
    counts.accepted += load.events;
    const committed = begun + Math.max(...waits) + chance.spread(LATENCIES.transaction);
    queue.at(committed, () => this.sequencing.committed(load.events));
    const calls = Math.ceil(load.events / COUNTED.eventsPerPutEvents);
    const put = committed + limits.putEvents.wait(committed, calls) + chance.spread(LATENCIES.putEvents);
    this.deliver(begun, put);
    const answered = put + limits.marks.wait(put, COUNTED.markUnits) + chance.spread(LATENCIES.put);
    counts.publishMs += answered - begun;
    queue.at(answered, () => (this.busy -= 1));
  }

  private deliver(begun: number, put: number): void {
    const { chance, limits, load, latencies } = this;
    for (let event = 0; event < load.events; event++) {
      const delayed = limits.invocations.wait(put, 1);
      latencies.push(put + delayed + chance.spread(LATENCIES.rule) + chance.spread(LATENCIES.queue) - begun);
    }
  }
}

const NAMES = {
  api: 'requests that the API takes',
  functions: 'functions at once',
  entriesTable: 'write units of the entries tables',
  stateTable: 'write units of the state tables',
  hottestChain: 'write units of the busiest entity',
  logPartition: 'write units of the log records',
  putEvents: 'PutEvents',
  invocations: 'invocations of rules',
  marks: 'write units of the relay marks',
} as const;

/** Of all ledgers together: the account's quotas do not grow with them, tables and partitions do. */
function limitsOf({
  ledgers,
  lanes,
  raised,
  requestsPerSecond,
}: Design): Readonly<Record<keyof typeof NAMES, RateLimit>> {
  const partition = LIMITS.partitionWriteUnits;
  const of = (name: keyof typeof NAMES, perSecond: number, burst?: number): RateLimit =>
    new RateLimit(NAMES[name], perSecond, burst);
  return {
    api: of('api', requestsPerSecond, (requestsPerSecond * DEPLOYED.burst) / DEPLOYED.requestsPerSecond),
    functions: of('functions', LIMITS.lambdaConcurrency * raised),
    entriesTable: of('entriesTable', LIMITS.tableWriteUnits * raised * ledgers * lanes),
    stateTable: of('stateTable', LIMITS.tableWriteUnits * raised * ledgers),
    hottestChain: of('hottestChain', partition),
    logPartition: of('logPartition', partition * ledgers * lanes),
    putEvents: of('putEvents', LIMITS.putEventsPerSecond * raised),
    invocations: of('invocations', LIMITS.invocationsPerSecond * raised),
    marks: of('marks', partition * DEPLOYED.markShards * ledgers),
  };
}
