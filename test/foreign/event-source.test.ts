/** An EventSource client that others wrote follows the stream through a restart of the engine: nothing lost, nothing twice. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createClient } from '../../clients/sdk/index.ts';
import { config } from '../../nervous.config.ts';
import { npmModule, openEngine, scratchDir } from './tools.ts';
import { eventually } from '../support/eventually.ts';

interface EventSource {
  addEventListener(type: string, listener: (event: { readonly data: string }) => void): void;
  close(): void;
}
interface Package {
  readonly EventSource: new (
    url: string,
    init: { readonly fetch: (input: string | URL, init: RequestInit) => Promise<Response> },
  ) => EventSource;
}

const EVENTS = 30;

it('reconnects with the id of the last event', async () => {
  const dataDir = join(scratchDir(), 'data');
  let engine = await openEngine(config, dataDir);
  const port = Number(new URL(engine.url).port);
  const token = (principal: string): string => engine.tokens[principal] ?? '';
  const { EventSource } = await npmModule<Package>('eventsource');
  const authorization = `Bearer ${token('eva')}`;
  const seen: string[] = [];
  const source = new EventSource(`${engine.url}/v1/stream?topics=transactions.*`, {
    fetch: (input, init) =>
      fetch(input, {
        ...init,
        headers: { accept: 'text/event-stream', ...(init.headers as Record<string, string>), authorization },
      }),
  });
  source.addEventListener('transactions.new', ({ data }) => {
    seen.push((JSON.parse(data) as { readonly eventId: string }).eventId);
  });
  const publish = async (from: number, to: number): Promise<void> => {
    const feed = createClient<typeof config>({ url: engine.url, token: token('bank-feed') });
    for (let i = from; i < to; i++)
      await feed.publish({
        ...{ topic: 'transactions.new', eventId: `e-${i}`, entityId: 'account:1' },
        payload: { amount: '1.00', kind: 'credit' },
      });
  };
  try {
    await publish(0, EVENTS / 2);
    await engine.close();
    engine = await openEngine(config, dataDir, port);
    await publish(EVENTS / 2, EVENTS);
    await eventually(() => expect(seen).toHaveLength(EVENTS));
    expect(seen).toEqual(Array.from({ length: EVENTS }, (_, i) => `e-${i}`));
  } finally {
    source.close();
    await engine.close();
  }
});
