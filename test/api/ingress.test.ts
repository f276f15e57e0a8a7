import { expect, it } from 'vitest';
import type { QuarantinePage } from '../../api/index.ts';
import { call } from './call.ts';
import { createTestSystem } from './test-system.ts';

it('shows auditors what is in quarantine, page by page, and nobody else', async () => {
  const fixture = await createTestSystem();
  for (const id of ['a', 'b', 'c']) await fixture.system.ingest({ id, source: 'unknown' });
  expect(await call(fixture, 'GET /v1/quarantine', { as: 'ledgerist' })).toMatchObject({ status: 403 });
  const first = await call<QuarantinePage>(fixture, 'GET /v1/quarantine?limit=2', { as: 'aud' });
  expect(first.json.events).toHaveLength(2);
  const rest = await call<QuarantinePage>(fixture, `GET /v1/quarantine?limit=2&after=${first.json.next}`, {
    as: 'aud',
  });
  expect(rest.json.next).toBeUndefined();
  const all = [...first.json.events, ...rest.json.events].map(({ event }) => event);
  expect(all).toHaveLength(3);
  expect(all).toEqual(expect.arrayContaining([{ id: 'a', source: 'unknown' }]));
  expect(await call(fixture, 'GET /v1/quarantine?after=x', { as: 'aud' })).toMatchObject({ status: 400 });
});
