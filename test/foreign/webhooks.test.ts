/**
 * Three receivers in two languages verify 1,000 deliveries of a real engine: standardwebhooks in JavaScript and in Python, and
 * Svix's library. While they come, the secret is rotated: each receiver has either the old or the new one.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../e2e/webhooks/receiver.ts';
import { startRunning, type Running } from '../e2e/webhooks/webhook-fixture.ts';
import { pythonWith, runTool, scratchDir } from './tools.ts';

const DELIVERIES = 1_000;
const dir = scratchDir();
let running: Running;
let receiver: Receiver;
beforeAll(async () => {
  running = await startRunning();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await running.end();
});

/** Reads a line for each delivery, `{"headers", "body"}`, and says how many verify. */
const VERIFY = `
import json, sys
from standardwebhooks.webhooks import Webhook
verified = 0
webhook = Webhook(sys.argv[1])
for line in open(sys.argv[2], encoding="utf-8"):
    delivery = json.loads(line)
    webhook.verify(delivery["body"], delivery["headers"])
    verified += 1
print(verified)
`;

it(`three libraries verify ${DELIVERIES} deliveries, with the old and with the new secret of an overlap`, async () => {
  const old = await running.makeWebhook('hook', receiver.url);
  const { secret: fresh } = await running.as('budget-engine').webhooks.rotateSecret('hook', { overlapSeconds: 3_600 });
  const accounts = Array.from({ length: DELIVERIES }, (_, i) => `account:${i % 97}`);
  for (let i = 0; i < DELIVERIES; i += 100) {
    const events = accounts.slice(i, i + 100).map((entityId) => ({
      ...{ topic: 'transactions.new', entityId, payload: { amount: '1.00', kind: 'credit', bank: 'ČS – ₤ 😀' } },
    }));
    await running.as('bank-feed').publishBatch(events);
  }
  const events = await receiver.until(DELIVERIES);
  const deliveries = events.map(({ headers, body }) => ({
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body,
  }));
  for (const secret of [old, fresh]) {
    for (const { headers, body } of deliveries) {
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'transactions.new' });
      new Svix(secret).verify(body, headers); // throws unless it is signed
    }
  }
  expect(new Set(events.map(({ headers }) => headers['webhook-id'])).size).toBe(DELIVERIES);
  const file = join(dir, 'deliveries.ndjson');
  writeFileSync(file, deliveries.map((one) => `${JSON.stringify(one)}\n`).join(''));
  writeFileSync(join(dir, 'verify.py'), VERIFY);
  const python = await pythonWith('standardwebhooks');
  for (const secret of [old, fresh])
    expect(await runTool(python, [join(dir, 'verify.py'), secret, file])).toEqual({ code: 0, said: `${DELIVERIES}\n` });
  const wrong = `whsec_${Buffer.alloc(32).toString('base64')}`;
  expect((await runTool(python, [join(dir, 'verify.py'), wrong, file])).code).not.toBe(0);
});
