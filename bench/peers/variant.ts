/** What a variant is, and what it is handed: one after the other, each with a fresh folder. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.ts';
import type { Need, Programs } from './programs.ts';

export interface Variant {
  readonly name: string;
  readonly needs: readonly Need[];
  /** what it promises, in words: for the page */
  readonly promises: string;
  /** @returns what its programs printed */
  run(bench: Bench): Promise<string>;
}

export interface Bench extends Programs {
  readonly events: number;
  readonly eventsFile: string;
  readonly seconds: number;
  /** seconds after which a throughput phase ends, done or not */
  readonly cap: number;
}

export function programOf({ found }: Bench, need: Need): string {
  const program = found.get(need);
  if (program === undefined) throw new Error(`${need} was not set up`);
  return program;
}

export function freshFolder({ folder }: Bench, name: string): string {
  const path = join(folder, 'data', name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

export const logOf = ({ folder }: Bench, name: string): string => join(folder, 'logs', `${name}.log`);

/** What the programs in clients/ are told by their environment. */
export function clientSettings(bench: Bench): Readonly<Record<string, string>> {
  return {
    ...{ EVENTS: bench.eventsFile, N: String(bench.events), SECS: String(bench.seconds), CAP: String(bench.cap) },
    ...{ NODE_NO_WARNINGS: '1' },
  };
}

/** The lean client in Go, against what listens there or, with Tessera, in its own process. */
export function lean(bench: Bench, kind: string, options: Readonly<Record<string, string | number>>): Promise<string> {
  return run(programOf(bench, 'lean client'), [kind, ...goOptions(bench, options)]);
}

export function goOptions(bench: Bench, options: Readonly<Record<string, string | number>>): string[] {
  const all = { events: bench.eventsFile, n: bench.events, cap: bench.cap, secs: bench.seconds, ...options };
  return Object.entries(all).flatMap(([name, value]) => [`-${name}`, String(value)]);
}
