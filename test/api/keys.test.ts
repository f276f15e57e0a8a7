/** Revoking session keys over HTTP: for auditors, once, with a reason; what is refused records nothing. */
import { beforeEach, expect, it } from 'vitest';
import { parseEntry, type KeyRecord } from '../../core/ledger/index.ts';
import { call, refusalOf } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

let fixture: TestSystem;
let key: string;

beforeEach(async () => {
  fixture = await createTestSystem();
  await publish('1.00');
  key = signers()[0] ?? '';
});

async function publish(amount: string): Promise<void> {
  const body = { topic: 'transactions.new', entityId: 'account:1', payload: { amount } };
  expect((await call(fixture, 'POST /v1/events', { as: 'ledgerist', body })).status).toBe(201);
}

/** The 16 hex digits of the session key of each entry of the account. */
function signers(): string[] {
  return fixture.store.log.flatMap(({ chain, note }) => {
    const parsed = chain === 'account:1' ? parseEntry(note) : undefined;
    const name = parsed?.kind === 'entry' ? parsed.note.signatures[0]?.name : undefined;
    return name === undefined ? [] : [name.slice('keys/'.length)];
  });
}

const revoke = (name: string, as: string, body: object = { reason: 'host seized' }) =>
  call<KeyRecord>(fixture, `POST /v1/keys/${name}/revoke`, { as, body });

it('is recorded once on the chain of the key, and what is published next is signed by another', async () => {
  const first = await revoke(key, 'aud');
  expect(first).toMatchObject({ status: 200, json: { entity: `keys/${key}`, seq: 1 } });
  expect((await revoke(key, 'aud', { reason: 'again' })).json).toEqual(first.json);
  expect(fixture.store.log.filter(({ chain }) => chain === `keys/${key}`)).toHaveLength(2);
  await publish('2.00');
  const [before, after] = signers();
  expect(before).toBe(key);
  expect(after).not.toBe(key);
});

it('is refused with a reason that is too long', async () => {
  expect(refusalOf(await revoke(key, 'aud', { reason: 'x'.repeat(1_001) }))).toBe('400 REQUEST_INVALID');
});

it.each([
  ['ledgerist', {}, '403 FORBIDDEN'],
  ['ann', {}, '403 FORBIDDEN'],
  ['advisor', {}, '403 FORBIDDEN'],
  ['aud', { reason: '' }, '400 REQUEST_INVALID'],
  ['aud', { reason: '  ' }, '400 REQUEST_INVALID'],
  ['aud', { because: 'x' }, '400 REQUEST_INVALID'],
  ['aud', { name: 'f'.repeat(16) }, '404 KEY_NOT_FOUND'],
  ['aud', { name: 'root' }, '400 REQUEST_INVALID'],
  ['aud', { name: 'keys%2Froot' }, '400 REQUEST_INVALID'],
])('is refused to %s with %j: %s', async (as, { name, ...said }: Record<string, string>, refusal) => {
  const size = await fixture.store.size();
  expect(refusalOf(await revoke(name ?? key, as, { reason: 'host seized', ...said }))).toBe(refusal);
  expect(await fixture.store.size()).toBe(size);
});
