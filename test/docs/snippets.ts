/**
 * What stands around the TypeScript of the pages, so that each block is a whole program: it is type-checked as the product is, and run.
 * A page shows what it talks of; imports, an engine and what it says happens are here. One item a block, in the order of the page.
 */
export interface Surroundings {
  readonly before: string;
  readonly after?: string;
}

/** A part of a file of the repository, which has tests of its own. */
export interface Excerpt {
  readonly of: string;
}

const CONFIG = `import * as z from 'zod';
import { defineConfig, sensitive } from 'nervous-system/config';
import { config as sample } from './nervous.config.ts';`;

const RULES: Surroundings = {
  before: `${CONFIG}\nvoid defineConfig({ ...sample, risk: { ...sample.risk, rules: [`,
  after: '] } });',
};

/** The sample with other sections. @param opened what is open where the block stands */
function section(opened = '', closed = ''): Surroundings {
  return { before: `${CONFIG}\nvoid [z, sensitive, defineConfig({ ...sample, ${opened}`, after: `${closed} })];` };
}

const ENGINE = `import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { startEngine } from './adapters/embedded/index.ts';
import { createClient } from './clients/sdk/index.ts';
import { config } from './nervous.config.ts';
const dataDir = mkdtempSync(import.meta.dirname + '/data-');
const seen: string[] = [];
const addToTotals = async (event: { readonly eventId: string }, _more?: unknown): Promise<void> => void seen.push(event.eventId);
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
};`;
const STARTED = `${ENGINE}
const engine = await startEngine({ config, dataDir });
const as = (id: string) => createClient<typeof config>({ url: engine.url, token: engine.tokens[id] ?? '' });`;
const PAYMENT = `await as('bank-feed').publish({
  topic: 'transactions.new', eventId: 'paid', entityId: 'account:1', payload: { amount: '1.00', kind: 'credit' },
  metadata: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
});`;
const STOPPED = `await engine.close();
rmSync(dataDir, { recursive: true });`;
const CONSUMED = `${PAYMENT}
await until(() => seen.includes('paid'));
${STOPPED}
process.exit(); // the subscription would wait for the engine to come back`;

/** As a database that has the outbox and nothing in it: what happens on a real one, test/foreign/outbox tells. */
const OUTBOX = `import { createClient } from 'nervous-system/sdk';
import { enqueue, outboxState, parkedEvents, POSTGRES_OUTBOX_SQL, relayPostgresOutbox, retryParked } from 'nervous-system/outbox/postgres';
const query = async (text: string, _values?: unknown[]) => ({
  rows: text.includes('there') ? [{ there: true }] : text.includes('version()') ? [{ version: 1 }]
    : text.includes('count') ? [{ waiting: 0, parked: 0, seconds: 0 }] : [],
});
const pool = { query, connect: async () => ({ query, release: (_isBroken?: boolean) => undefined }) };
const [url, token] = ['http://127.0.0.1:9', ''];`;
const STREAM = `import { createClient } from 'nervous-system/sdk';
import { createOutboxStreamHandler, outboxItem } from 'nervous-system/outbox/dynamodb';
const queue = { send: async (_text: string) => undefined };
const [url, token] = ['http://127.0.0.1:9', ''];`;

export const SNIPPETS: Readonly<Record<string, readonly (Surroundings | Excerpt)[]>> = {
  'docs/approvals.md': [RULES, RULES, RULES, RULES, section()],
  'docs/architecture.md': [
    {
      before: `${STARTED}
const { system } = engine;
const principal = { kind: 'module', id: 'bank-feed' } as const;
const events = [{ topic: 'transactions.new', payload: { amount: '1.00', kind: 'credit' } }];`,
      after: STOPPED,
    },
  ],
  'docs/events.md': [
    section('topics: { ...sample.topics,', '}'),
    section(
      "topics: { ...sample.topics, 'files.stored': { description: 'A file came', versions: { 1: z.strictObject({ key: z.string(), size: z.int() }) } } },",
    ),
  ],
  'docs/executors.md': [
    {
      before: `import { defineConfig as defineWhole, type ConfigInput } from './core/system/index.ts';
import { config as sample } from './nervous.config.ts';
import { limitInput } from './examples/executor/limit-input.ts';
const defineConfig = (part: Partial<ConfigInput>) => defineWhole({ ...sample, ...part });`,
    },
    { of: 'examples/executor/limits.ts' },
    {
      before: `import type { ExecutorSubject } from 'nervous-system/sdk';
import { subject as sample } from './examples/executor/subject.ts';
import { memoryRootSigner } from './adapters/memory/index.ts';
import { formatVerifierKey } from './core/ledger/index.ts';
const root = memoryRootSigner('docs.example/main');
const rootKeys = [formatVerifierKey(root.name, root.publicKey)];
const { executor, observe, restart, close = () => undefined } = await sample.open({ rootKeys, now: Date.now });`,
      after: 'await close();\nvoid subject;',
    },
  ],
  'docs/feed.md': [
    {
      before: `${STARTED}
${PAYMENT.replace('paid', 'before')}
const client = as('eva');
let after = '';
for await (const { cursor } of client.stream({ topics: ['transactions.*'] })) {
  after = cursor;
  break;
}
${PAYMENT}
const apply = async (event: { readonly eventId: string }): Promise<void> => {
  assert.equal(event.eventId, 'paid');
  ${STOPPED}
  process.exit(); // the stream has no end
};`,
      after: "assert.fail('the stream ended');",
    },
  ],
  'docs/governance.md': [section('roster: { ...sample.roster,', '}')],
  'docs/notices.md': [
    {
      before: `${STARTED}
const operations = [{ type: 'state.put' as const, payload: { limit: '900.00' } }];
await as('budget-bot').propose({ entityId: 'account:1', title: 'A limit', rationale: 'Asked for', operations });
const client = as('boris');`,
      after: STOPPED,
    },
    { before: `${ENGINE}\nconst smtp = { sendMail: async (_mail: object): Promise<void> => {} };`, after: STOPPED },
  ],
  'docs/outbox.md': [
    { before: OUTBOX },
    { before: OUTBOX, after: 'await relay.stop();' },
    { before: OUTBOX, after: 'if (waiting + parked + oldestSeconds > 0) throw new Error();' },
    { before: STREAM, after: 'void request;' },
    { before: STREAM, after: 'if ((await handler({ Records: [] })).batchItemFailures.length > 0) throw new Error();' },
  ],
  'docs/patterns.md': [
    {
      before: `import assert from 'node:assert/strict';
import { createRuleIndex, parsePattern } from './core/events/index.ts';
const event = { detail: { amount: 1001, currency: 'CZK' } };`,
      after: 'assert.deepEqual(index.match(event), []);',
    },
  ],
  'docs/protection.md': [
    section("modules: { ...sample.modules, echo: {} },"),
    {
      before: `${STARTED}
${PAYMENT}
const client = as('budget-engine');
const { event } = await as('eva').trace('paid');
const payload = { transactionId: 'paid', category: 'income' };`,
      after: STOPPED,
    },
  ],
  'docs/subscriptions.md': [
    { before: `${STARTED}\nconst client = as('budget-engine');`, after: CONSUMED },
    {
      before: `${ENGINE}\nprocess.chdir(dataDir); // its '.data'`,
      after: `const as = (id: string) => createClient<typeof config>({ url: engine.url, token: engine.tokens[id] ?? '' });
await fetch(\`\${engine.url}/v1/subscriptions\`, {
  method: 'POST',
  headers: { authorization: \`Bearer \${engine.tokens['budget-engine'] ?? ''}\`, 'content-type': 'application/json' },
  body: '{"id":"in-process","topics":["transactions.*"],"target":{"kind":"function","name":"total"}}',
});
${CONSUMED}`,
    },
    {
      before: `${STARTED}
const client = as('budget-engine');
const withSpan = async (parent: string | undefined, work: () => Promise<void>): Promise<void> => {
  assert.match(parent ?? '', /^00-0af7651916cd43dd8448eb211c80319c-/);
  await work();
};`,
      after: CONSUMED,
    },
    { of: 'test/aws/pushing-app.ts' },
  ],
  'docs/webhooks.md': [
    {
      before: `import type { IncomingMessage } from 'node:http';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const seen: string[] = [];
const handleOnce = async (id: string, _message: object): Promise<void> => void seen.push(id);`,
      after: `import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
const url = \`http://127.0.0.1:\${(server.address() as AddressInfo).port}/\`;
const post = (body: string, signed = body): Promise<Response> => {
  const at = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(SECRET.slice(6), 'base64');
  const signature = 'v1,' + createHmac('sha256', key).update(\`msg_1.\${at}.\${signed}\`).digest('base64');
  return fetch(url, { method: 'POST', body, headers: { 'webhook-id': 'msg_1', 'webhook-timestamp': at, 'webhook-signature': signature } });
};
assert.equal(await (await post('{"type":"webhook.verify","nonce":"n"}')).text(), 'n');
assert.equal((await post('{"type":"transactions.new"}')).status, 200);
assert.deepEqual(seen, ['msg_1']);
assert.equal((await post('{"type":"transactions.new"}', '{}')).status, 400);
server.closeAllConnections();
server.close();`,
    },
    {
      before: `import type { JsonWebKey } from 'node:crypto';`,
      after: `import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const at = String(Math.floor(Date.now() / 1000));
const signature = sign(null, Buffer.from(\`msg_1.\${at}.{}\`), privateKey).toString('base64');
const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': at, 'webhook-signature': \`v1,x v1a,\${signature}\` };
assert.equal(isFromLedger(headers, '{}', publicKey.export({ format: 'jwk' })), true);
assert.equal(isFromLedger(headers, '{ }', publicKey.export({ format: 'jwk' })), false);`,
    },
    section(),
  ],
};
