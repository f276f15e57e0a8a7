/** Ours, from the package as it is built for users: in process, over HTTP with a lean client and with our own; and from the sources. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, startServer, waitFor, type Server } from './processes.ts';
import { ROOT } from './programs.ts';
import { clientSettings, freshFolder, lean, logOf, type Bench, type Variant } from './variant.ts';

const PROMISES =
  'hash chain of each entity; each entry signed; log with signed checkpoints and offline proofs; idempotent by event id; rights, schema, approval of changes; fsync before the answer';
/** What docs/embedded.md tells those who run the engine in a process of their own; `nervous dev` starts itself so. */
const FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=50'];
const ARENAS = { MALLOC_ARENA_MAX: '2' };
/** One publisher waits for each of its fsyncs: more events would only take longer. */
const ALONE_EVENTS = 5_000;

interface InProcess {
  readonly publishers: number;
  readonly batch: number;
  readonly subscribers: string;
  readonly withSubscriber?: true;
  readonly sources?: true;
  readonly verified?: true;
}

const inProcess = (name: string, how: InProcess): Variant => ({
  ...{ name, needs: [], promises: PROMISES },
  run: async (bench) => {
    const settings = inProcessSettings(bench, name, how);
    const { dir, engine } = { dir: settings['DIR'] ?? '', engine: settings['ENGINE'] ?? '' };
    const args = [...FLAGS, clientOf(bench, 'ours-in-process', how)];
    const published = await run(process.execPath, args, { env: settings });
    if (how.verified === undefined) return published;
    return published + (await verified(bench, dir, engine, '')) + (await verified(bench, dir, engine, 'yes'));
  },
});

export function inProcessSettings(bench: Bench, name: string, how: InProcess): Record<string, string> {
  const [engine, config] =
    how.sources === true
      ? [join(ROOT, 'adapters/embedded/index.ts'), join(ROOT, 'bench/support/bench-config.ts')]
      : [join(bench.folder, 'packages/nervous-system/dist/engine.js'), join(bench.folder, 'clients/config.mjs')];
  const alone = how.publishers === 1 ? { N: String(Math.min(bench.events, ALONE_EVENTS)) } : {};
  return {
    ...clientSettings(bench),
    ...ARENAS,
    ...alone,
    ...{ ENGINE: engine, CONFIG: config, DIR: freshFolder(bench, name) },
    ...{ BATCH: String(how.batch), PUBLISHERS: String(how.publishers), SUBS: how.subscribers },
    WITH_SUBSCRIBER: how.withSubscriber === true ? 'yes' : '',
  };
}

/** From the sources everything is TypeScript that Node strips, the client too; else everything is compiled. */
export function clientOf(bench: Bench, name: string, { sources }: { readonly sources?: true } = {}): string {
  return sources === true
    ? join(import.meta.dirname, 'clients', `${name}.ts`)
    : join(bench.folder, 'clients', `${name}.mjs`);
}

function verified(bench: Bench, dir: string, engine: string, signatures: string): Promise<string> {
  const env = { ...clientSettings(bench), ENGINE: engine, DIR: dir, SIGNATURES: signatures };
  return run(process.execPath, [clientOf(bench, 'ours-verified')], { env });
}

interface OverHttp {
  readonly publishers: number;
  readonly batch: number;
  readonly subscribers: string;
  readonly by: 'lean client' | 'sdk';
}

const overHttp = (name: string, how: OverHttp): Variant => ({
  ...{ name, needs: how.by === 'sdk' ? [] : ['lean client'], promises: PROMISES },
  run: async (bench) => {
    const dir = freshFolder(bench, name);
    const { server, ready } = await startService(bench, name, dir);
    try {
      return await load(bench, how, { ...ready, dir, pid: server.pid });
    } finally {
      await server.stop();
    }
  },
});

interface Ready {
  readonly url: string;
  readonly tokens: Readonly<Record<string, string>>;
}

/** One load over HTTP on a service from the sources, whose Node has these flags. @returns what the client printed, when the service has ended */
export async function profiledService(bench: Bench, flags: readonly string[]): Promise<string> {
  const dir = freshFolder(bench, 'http-profiled');
  const main = join(ROOT, 'clients/cli/main.ts');
  const { server, ready } = await startService(bench, 'http-profiled', dir, [...flags, ...FLAGS, main]);
  const how = { publishers: 64, batch: 1, subscribers: '', by: 'lean client' } as const;
  return load(bench, how, { ...ready, dir, pid: server.pid }).finally(() => server.stop());
}

const asUsersDo = ({ folder }: Bench): string[] => [join(folder, 'packages/nervous-system/dist/nervous.mjs')];

/** `nervous dev`. */
async function startService(
  bench: Bench,
  name: string,
  dir: string,
  command = asUsersDo(bench),
): Promise<{ server: Server; ready: Ready }> {
  const log = logOf(bench, name);
  const config = join(bench.folder, 'nervous.config.ts');
  const args = [...command, 'dev', '--port', '0', '--data', dir, '--config', config, '--json'];
  const server = await startServer(process.execPath, args, { log });
  const ready = await waitFor(() => readyIn(log), `what "nervous dev" says when it is ready (${log})`).catch(
    async (error: unknown) => {
      await server.stop();
      throw error;
    },
  );
  return { server, ready };
}

function readyIn(log: string): Ready | undefined {
  const line = existsSync(log) ? /^\{"url".*\}$/m.exec(readFileSync(log, 'utf8')) : null;
  return line === null ? undefined : (JSON.parse(line[0]) as Ready);
}

function load(
  bench: Bench,
  { publishers, batch, subscribers, by }: OverHttp,
  service: Ready & { readonly dir: string; readonly pid: number },
): Promise<string> {
  const { url, tokens, dir, pid } = service;
  const [feed = '', reporting = ''] = [tokens['bank-feed'], tokens['reporting']];
  if (by === 'sdk') {
    const sdk = join(bench.folder, 'packages/nervous-system/dist/sdk.js');
    const env = {
      ...clientSettings(bench),
      ...{ SDK: sdk, URL: url, TOKEN: feed, PID: String(pid), PUBLISHERS: String(publishers) },
    };
    return run(process.execPath, [clientOf(bench, 'ours-by-sdk')], { env });
  }
  const to = { addr: url, token: feed, 'token-sub': reporting, pid, dir };
  return lean(bench, 'http', { ...to, batch, publishers, subs: subscribers });
}

export const PROFILED: InProcess = { publishers: 64, batch: 1, subscribers: '', sources: true };

export const OURS: readonly Variant[] = [
  inProcess('ours-in-process', { publishers: 64, batch: 1, subscribers: '1,10', verified: true }),
  inProcess('ours-with-subscriber', { publishers: 64, batch: 1, subscribers: '', withSubscriber: true }),
  inProcess('ours-batches', { publishers: 4, batch: 100, subscribers: '' }),
  inProcess('ours-alone', { publishers: 1, batch: 1, subscribers: '' }),
  inProcess('ours-from-sources', { publishers: 64, batch: 1, subscribers: '', sources: true }),
  overHttp('ours-http', { publishers: 64, batch: 1, subscribers: '1,10', by: 'lean client' }),
  overHttp('ours-http-batches', { publishers: 4, batch: 100, subscribers: '', by: 'lean client' }),
  overHttp('ours-http-sdk', { publishers: 64, batch: 1, subscribers: '', by: 'sdk' }),
];
