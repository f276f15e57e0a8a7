/** As go/common.go, for Node: the same events, the same loop of publishers, the same figures. Told by the environment what to do. */
import { openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

const TICKS_PER_SECOND = 100;
const DRAIN_MS = 15_000;
const RATE = 1_000;
const WINDOW_BYTES = 1024 * 1024;
const NEWLINE = 10;

export interface PeerEvent {
  readonly entity: string;
  readonly id: string;
  readonly payload: Readonly<Record<string, string>>;
}

export interface Events {
  readonly length: number;
  at(index: number): PeerEvent;
}

export type Measured = Record<string, number>;

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the variable ${name} is not set`);
  return value;
}

/** Read and parsed when they are sent, so that the memory of the bench is a window of the file and not 100,000 objects. */
export function loadEvents(): Events {
  const file = openSync(setting('EVENTS'), 'r');
  const starts = startsOf(file, Number(setting('N')));
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  let [from, to] = [0, 0];
  const at = (i: number): PeerEvent => {
    const [start, end] = [starts[i] ?? 0, starts[i + 1] ?? 0];
    if (start < from || end > to) {
      from = start;
      to = start + readSync(file, window, 0, WINDOW_BYTES, start);
    }
    return JSON.parse(window.toString('utf8', start - from, end - from)) as PeerEvent;
  };
  return { length: starts.length - 1, at };
}

/** Where each line begins, and where the last one ends. */
function startsOf(file: number, most: number): Uint32Array {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  const starts = new Uint32Array(most + 1);
  let lines = 0;
  for (
    let offset = 0, read;
    lines < most && (read = readSync(file, window, 0, WINDOW_BYTES, offset)) > 0;
    offset += read
  )
    for (let at = window.indexOf(NEWLINE); at >= 0 && at < read && lines < most; at = window.indexOf(NEWLINE, at + 1))
      starts[++lines] = offset + at + 1;
  return starts.subarray(0, lines + 1);
}

export interface Load {
  readonly publishers: number;
  readonly batch: number;
  /** the server's process; undefined: this one */
  readonly pid?: number;
}

/** Each publisher takes the next events until all are done or the time is over. @returns how many were acknowledged */
export async function publishAll(
  events: Events,
  { publishers, batch, pid }: Load,
  measured: Measured,
  publish: (publisher: number, part: readonly PeerEvent[]) => Promise<void>,
): Promise<number> {
  const times: number[] = [];
  let next = 0;
  let done = 0;
  const memory = sampleMemory(pid ?? process.pid);
  const [server0, client0] = [pid === undefined ? 0 : treeCpu(pid), ownCpu()];
  const begin = performance.now();
  const deadline = begin + Number(setting('CAP')) * 1_000;
  const publisher = async (which: number): Promise<void> => {
    while (performance.now() < deadline && next < events.length) {
      const from = next;
      next = Math.min(events.length, next + batch);
      const part = Array.from({ length: next - from }, (_, i) => events.at(from + i));
      const start = performance.now();
      await publish(which, part);
      times.push(performance.now() - start);
      done += part.length;
    }
  };
  await Promise.all(Array.from({ length: publishers }, (_, which) => publisher(which)));
  const seconds = (performance.now() - begin) / 1_000;
  const [server, client] = [pid === undefined ? 0 : treeCpu(pid) - server0, ownCpu() - client0];
  Object.assign(measured, { events: done, publishers, batch, eventsPerSecond: Math.round(done / seconds) });
  addQuantiles('publish', times, measured);
  if (pid !== undefined) measured['serverCpuSecPer1000'] = (server * 1_000) / done;
  measured['cpuSecPer1000'] = ((server + client) * 1_000) / done;
  measured['rssMb'] = memory();
  return done;
}

/** At a steady rate whatever happens; from the call of publish to the subscriber's handler. */
export async function deliver(
  events: Events,
  subscribers: number,
  measured: Measured,
  use: {
    readonly publish: (event: PeerEvent) => Promise<void>;
    readonly receive: (report: (eventId: string) => void) => Promise<void>;
  },
): Promise<void> {
  const name = `deliver${subscribers}`;
  const total = RATE * Number(setting('SECS'));
  const started = new Map<string, number>();
  const times: number[] = [];
  const all = Promise.withResolvers<undefined>();
  await use.receive((eventId) => {
    const at = started.get(eventId);
    if (at === undefined) return;
    times.push(performance.now() - at);
    if (times.length === total * subscribers) all.resolve(undefined);
  });
  const begin = performance.now();
  const publishing: Promise<void>[] = [];
  for (let i = 0; i < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - begin) * RATE) / 1_000));
    for (; i < due; i++) {
      const event = events.at(i % events.length);
      const id = `${name}-${event.id}-${i}`;
      started.set(id, performance.now());
      publishing.push(use.publish({ ...event, id }));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(publishing);
  await Promise.race([all.promise, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
  measured[`${name}Lost`] = total * subscribers - times.length;
  addQuantiles(name, times, measured);
}

export function addQuantiles(name: string, times: readonly number[], measured: Measured): void {
  const sorted = times.toSorted((a, b) => a - b);
  for (const percent of [50, 95, 99])
    measured[`${name}P${percent}Ms`] =
      sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? NaN;
}

export function print(measured: Measured): void {
  console.log(JSON.stringify(measured));
}

export function diskBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? diskBytes(path) : statSync(path).blocks * 512);
  }, 0);
}

/** The process and its children. */
function tree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = Number(statOf(name)?.[1]);
    if (parent > 0) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const all = [pid];
  for (const one of all) all.push(...(children.get(one) ?? []));
  return all;
}

/** What /proc says of a process after its name, or undefined when it has just ended. */
function statOf(pid: string): string[] | undefined {
  if (!/^\d+$/.test(pid)) return undefined;
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // the process ended meanwhile
  }
}

/** s of processor time, of children that have ended too */
function treeCpu(pid: number): number {
  return tree(pid).reduce((sum, one, i) => {
    const stat = statOf(String(one)) ?? [];
    const ticks = [11, 12, ...(i === 0 ? [13, 14] : [])].reduce((all, column) => all + Number(stat[column] ?? 0), 0);
    return sum + ticks / TICKS_PER_SECOND;
  }, 0);
}

export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What processes share counts once. */
function memoryMb(pid: number): number {
  const kilobytes = tree(pid).reduce((sum, one) => {
    const [, pss = '0'] = /^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${one}/smaps_rollup`) ?? '') ?? [];
    return sum + Number(pss);
  }, 0);
  return Math.round(kilobytes / 1_000);
}

/** @returns ends it, and tells the most that was seen */
function sampleMemory(pid: number): () => number {
  let most = memoryMb(pid);
  const timer = setInterval(() => (most = Math.max(most, memoryMb(pid))), 1_000);
  return () => {
    clearInterval(timer);
    return Math.max(most, memoryMb(pid));
  };
}
