/** The CloudEvents project's own SDK publishes to us in both modes, and reads our feed. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../adapters/embedded/index.ts';
import { config } from '../../nervous.config.ts';
import { npmModule, openEngine, scratchDir } from './tools.ts';

interface Message {
  readonly headers: Record<string, string>;
  readonly body: unknown;
}
interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly data?: unknown;
}
interface Sdk {
  readonly CloudEvent: new (event: object) => CloudEvent;
  readonly HTTP: {
    readonly binary: (event: CloudEvent) => Message;
    readonly structured: (event: CloudEvent) => Message;
    readonly toEvent: (message: Message) => CloudEvent | CloudEvent[];
  };
}

const dir = scratchDir();
let engine: Engine;
let sdk: Sdk;
beforeAll(async () => {
  engine = await openEngine(config, join(dir, 'data'));
  sdk = await npmModule<Sdk>('cloudevents');
});
afterAll(() => engine.close());

const send = async ({ headers, body }: Message): Promise<number> => {
  const authorization = `Bearer ${engine.tokens['bank-feed'] ?? ''}`;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (
    await fetch(`${engine.url}/v1/events`, { method: 'POST', headers: { ...headers, authorization }, body: text })
  ).status;
};
const credit = (id: string): CloudEvent =>
  new sdk.CloudEvent({
    ...{
      id,
      source: 'bank-feed',
      type: 'transactions.new',
      subject: 'account:1695',
      datacontenttype: 'application/json',
    },
    data: { amount: '12.50', kind: 'credit' },
  });

describe('the CloudEvents SDK', () => {
  it('publishes in structured and in binary mode', async () => {
    expect(await send(sdk.HTTP.structured(credit('structured-1')))).toBe(201);
    expect(await send(sdk.HTTP.binary(credit('binary-1')))).toBe(201);
  });

  it('is refused when what it sends breaks the schema', async () => {
    const wrong = new sdk.CloudEvent({
      ...{ id: 'wrong', source: 'bank-feed', type: 'transactions.new', subject: 'account:1695' },
      data: { amount: 12.5, kind: 'credit' },
    });
    expect(await send(sdk.HTTP.structured(wrong))).toBe(422);
  });

  it('reads the feed as a batch of its own events', async () => {
    const headers = {
      authorization: `Bearer ${engine.tokens['eva'] ?? ''}`,
      accept: 'application/cloudevents-batch+json',
    };
    const answer = await fetch(`${engine.url}/v1/feed`, { headers });
    const message = {
      headers: { 'content-type': answer.headers.get('content-type') ?? '' },
      body: await answer.text(),
    };
    const events = [sdk.HTTP.toEvent(message)].flat();
    expect(events.filter(({ type }) => type === 'transactions.new')).toMatchObject(
      ['structured-1', 'binary-1'].map((id) => ({
        ...{ id, source: 'bank-feed', subject: 'account:1695', data: { amount: '12.50', kind: 'credit' } },
      })),
    );
  });
});
