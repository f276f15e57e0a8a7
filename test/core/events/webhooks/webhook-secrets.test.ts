/** The secrets of webhooks: how often the service that wraps them is asked, and that what it refuses is not remembered. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { FakeClock, MemoryStore } from '../../../../adapters/memory/index.ts';
import { createWebhookSecrets, type WebhookSecrets } from '../../../../core/events/webhooks/webhook-secrets.ts';

const HOUR = 3_600;

function makeSecrets(): { readonly secrets: WebhookSecrets; readonly clock: FakeClock; readonly service: Service } {
  const clock = new FakeClock();
  const service = new Service();
  const ids = { bytes: (length: number) => randomBytes(length) };
  const secrets = createWebhookSecrets({ ledger: 'main', items: new MemoryStore(), keys: service, clock, ids });
  return { secrets, clock, service };
}

/** Wraps by turning bits over, and binds to nothing: what a key service does beside that has its own tests. */
class Service {
  asked = 0;
  isDown = false;
  wrap(key: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(key.map((byte) => ~byte));
  }
  unwrap(wrapped: Uint8Array): Promise<Uint8Array> {
    this.asked += 1;
    return this.isDown ? Promise.reject(new Error('it is down')) : this.wrap(wrapped);
  }
}

it('ask the key service once for a secret, and once for the key, however much is signed', async () => {
  const { secrets, service } = makeSecrets();
  await secrets.rotate('hook', HOUR);
  for (let i = 0; i < 100; i += 1) await secrets.signingKeys('hook');
  expect(service.asked).toBe(2);
  await secrets.rotate('hook', HOUR);
  for (let i = 0; i < 100; i += 1) await secrets.signingKeys('hook');
  expect(service.asked).toBe(3);
});

it('sign with the newest first, and no longer than the overlap with the one before', async () => {
  const { secrets, clock } = makeSecrets();
  await secrets.rotate('hook', HOUR);
  const [first] = (await secrets.signingKeys('hook')).secrets;
  await secrets.rotate('hook', HOUR);
  const during = (await secrets.signingKeys('hook')).secrets;
  expect(during).toHaveLength(2);
  expect(during[1]).toEqual(first);
  await clock.advance(HOUR * 1_000);
  expect((await secrets.signingKeys('hook')).secrets).toEqual(during.slice(0, 1));
});

it('ask again after the service was down', async () => {
  const { secrets, service } = makeSecrets();
  await secrets.rotate('hook', HOUR);
  service.isDown = true;
  await expect(secrets.signingKeys('hook')).rejects.toThrow('it is down');
  service.isDown = false;
  expect((await secrets.signingKeys('hook')).secrets).toHaveLength(1);
});

it('make one for one request, and show it to that request for ten minutes more, if it signs as long', async () => {
  const { secrets, clock } = makeSecrets();
  const { secret } = await secrets.rotate('hook', HOUR, 'request-1');
  expect(await secrets.rotate('hook', HOUR, 'request-1')).toEqual({ secret, live: 1 });
  expect(await secrets.shownAgain('hook', 'request-1')).toEqual({ secret, live: 1 });
  expect(await secrets.shownAgain('hook', 'request-2')).toBeUndefined();
  expect(await secrets.shownAgain('other', 'request-1')).toBeUndefined();
  await secrets.rotate('hook', 60, 'request-2');
  expect((await secrets.shownAgain('hook', 'request-1'))?.secret).toBe(secret);
  await clock.advance(60_000);
  expect(await secrets.shownAgain('hook', 'request-1')).toBeUndefined(); // it signs no more
  await clock.advance(9 * 60_000);
  expect(await secrets.shownAgain('hook', 'request-2')).toBeUndefined(); // it signs, and is shown no more
});
