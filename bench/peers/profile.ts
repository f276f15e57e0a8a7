/**
 * The budget of processor time of ours, by thread and stage: one run in process from the sources, whose paths tell the stage, under
 * `node --cpu-prof`, which writes a profile for each thread. Self time of every sample, divided by the events of the run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdown } from '../support/page.ts';
import { run } from './processes.ts';
import { clientOf, inProcessSettings, PROFILED, profiledService } from './ours.ts';
import { rowOf } from './results.ts';
import { freshFolder, type Bench } from './variant.ts';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
}

export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** µs since the sample before */
  readonly timeDeltas: readonly number[];
}

/** stage → µs */
export type Stages = ReadonlyMap<string, number>;

/** The first that fits a frame or, failing that, one of its callers. */
const STAGES: readonly (readonly [stage: string, fits: (frame: CallFrame) => boolean])[] = [
  ['SQLite', ({ url }) => /store\/sqlite/.test(url)],
  ['signing and hashing', ({ url }) => /node:internal\/crypto|canonical\/hash|ledger\/notes/.test(url)],
  [
    'messages between threads',
    ({ url, functionName }) =>
      /postMessage|emitMessage|receiveMessage|MessagePort/.test(functionName) || /messageport|write-messages/.test(url),
  ],
  ['canonical form', ({ url }) => /core\/canonical/.test(url)],
  ['schema (zod)', ({ url }) => /node_modules\/zod/.test(url)],
  ['log and its files', ({ url }) => /embedded\/log\/|ledger\/(log|merkle)\/|durable-file/.test(url)],
  ['delivery', ({ url }) => /embedded\/bus\/|events\/(subscriptions|pattern)\//.test(url)],
  ['index of topics', ({ url }) => /topic-index/.test(url)],
  [
    'HTTP and its schemas',
    ({ url }) => /embedded\/http\/|^node:(_http|http|net|internal\/(http|streams|js_stream))|\/api\//.test(url),
  ],
  ['append and seal', ({ url }) => /core\/ledger\//.test(url)],
  ['store', ({ url }) => /embedded\/(store|keys)\//.test(url)],
  ['checks before: rights, protection, envelope', ({ url }) => /core\/(events|policy|guard|system)\//.test(url)],
  ['starting: modules', ({ url }) => /node:internal\/(modules|bootstrap|deps)|^wasm:/.test(url)],
  ['the bench', ({ url }) => /bench\/peers/.test(url)],
];
const THREADS: readonly (readonly [thread: string, script: RegExp])[] = [
  ['writing', /writing-worker/],
  ['signing', /sealing-worker/],
  ['serving', /ours-in-process|cli\/main/],
];

export async function profiledBudget(bench: Bench): Promise<string> {
  const folder = freshFolder(bench, 'profiles');
  const settings = inProcessSettings(bench, 'profiled', PROFILED);
  const args = ['--cpu-prof', '--cpu-prof-dir', folder, clientOf(bench, 'ours-in-process', PROFILED)];
  const output = await run(process.execPath, args, { env: settings });
  return budgetOf(folder, output);
}

/** The same of the service, which writes its profiles when it has stopped. */
export async function profiledHttpBudget(bench: Bench): Promise<string> {
  const folder = freshFolder(bench, 'http-profiles');
  const output = await profiledService(bench, ['--cpu-prof', '--cpu-prof-dir', folder]);
  return budgetOf(folder, output);
}

function budgetOf(folder: string, output: string): string {
  const { figures, failed } = rowOf('profiled', 0, output);
  if (failed !== undefined) throw new Error(failed);
  const profiles = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile);
  return budgetTable(profiles, figures['events'] ?? NaN);
}

export function budgetTable(profiles: readonly Profile[], events: number): string {
  const threads = new Map(profiles.map((profile) => [threadOf(profile), stagesOf(profile)]));
  const names = [...threads.keys()].sort();
  const total = (stage: string): number => names.reduce((sum, name) => sum + (threads.get(name)?.get(stage) ?? 0), 0);
  const stages = [...new Set([...threads.values()].flatMap((of) => [...of.keys()]))].sort(
    (a, b) => total(b) - total(a),
  );
  const micros = (us: number): string => (us / events).toFixed(1);
  const line = (stage: string): string[] => [
    stage,
    ...names.map((name) => micros(threads.get(name)?.get(stage) ?? 0)),
    micros(total(stage)),
  ];
  const sum = (stage: Stages | undefined): number => [...(stage?.values() ?? [])].reduce((all, us) => all + us, 0);
  const last = ['**all**', ...names.map((name) => micros(sum(threads.get(name))))];
  const everything = micros(names.reduce((all, name) => all + sum(threads.get(name)), 0));
  return markdown([['µs an event', ...names, 'all'], ...stages.map(line), [...last, everything]]);
}

/** Which thread it is, told by the scripts that ran on it. */
export function threadOf({ nodes }: Profile): string {
  return THREADS.find(([, script]) => nodes.some(({ callFrame }) => script.test(callFrame.url)))?.[0] ?? 'another';
}

export function stagesOf({ nodes, samples, timeDeltas }: Profile): Stages {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const stages = new Map<string, number>();
  const known = new Map<number, string>();
  const stageOf = (id: number): string => {
    const frame = byId.get(id)?.callFrame;
    if (frame?.functionName === '(garbage collector)') return 'collecting garbage';
    if (frame?.functionName === '(program)') return 'native code and system calls';
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const one = byId.get(at)?.callFrame;
      const hit = one && STAGES.find(([, fits]) => fits(one));
      if (hit) return hit[0];
    }
    return 'the rest of Node';
  };
  samples.forEach((id, i) => {
    if (byId.get(id)?.callFrame.functionName === '(idle)') return;
    const stage = known.get(id) ?? stageOf(id);
    known.set(id, stage);
    stages.set(stage, (stages.get(stage) ?? 0) + (timeDeltas[i] ?? 0));
  });
  return stages;
}
