/** The engine that the benches of streams and of one entity's verification measure, in a process of its own: publishes when told, and tells its memory. */
import { startEngine } from '../../adapters/embedded/index.ts';
import { config } from './bench-config.ts';
import { principal, transaction } from './publishing.ts';

/** `perSecond` absent: as fast as it can. */
export type Order =
  | { readonly kind: 'publish'; readonly events: number; readonly perSecond?: number }
  | { readonly kind: 'memory' }
  | { readonly kind: 'close' };
export type Report =
  | {
      readonly kind: 'ready';
      readonly url: string;
      readonly token: string;
      readonly tokens: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'done' }
  | { readonly kind: 'memory'; readonly rssBytes: number };

const BATCH = 100;
const MAX_STREAMS = 100_000;

const dataDir = process.argv[2] ?? '';
const engine = await startEngine({
  config: { ...config, streams: { perPrincipal: MAX_STREAMS } },
  dataDir,
  maxConnections: MAX_STREAMS,
});
const bank = principal(engine, 'bank-feed');
const report = (message: Report): void => void process.send?.(message);

process.on('message', (order: Order) => void obey(order));
report({ kind: 'ready', url: engine.url, token: engine.tokens['eva'] ?? '', tokens: engine.tokens });

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'publish':
      await publish(order.events, order.perSecond);
      report({ kind: 'done' });
      return;
    case 'memory':
      globalThis.gc?.();
      report({ kind: 'memory', rssBytes: process.memoryUsage.rss() });
      return;
    case 'close':
      await engine.close();
      process.disconnect();
  }
}

/** The event id says when it was published. */
async function publish(total: number, perSecond = Infinity): Promise<void> {
  const begin = performance.now();
  for (let sent = 0; sent < total;) {
    const due = perSecond === Infinity ? sent + BATCH : Math.floor(((performance.now() - begin) * perSecond) / 1_000);
    const events = Array.from({ length: Math.min(due, total) - sent }, (_, i) => ({
      ...transaction(),
      eventId: `at:${performance.timeOrigin + performance.now()}:${sent + i}`,
    }));
    for (let i = 0; i < events.length; i += BATCH) await engine.system.publish(bank, events.slice(i, i + BATCH));
    sent += events.length;
    if (perSecond !== Infinity) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
