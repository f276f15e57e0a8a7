/** Attacks by way of the interfaces: forged credentials, links that are fetched ahead. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startEngine } from '../../adapters/embedded/index.ts';
import { ROUTES } from '../../api/index.ts';
import { createClient } from '../../clients/sdk/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import { config } from '../../nervous.config.ts';
import { createTestSystem } from '../api/test-system.ts';
import { call } from '../api/call.ts';
import { contentsOf } from '../core/changes/fixture.ts';
import { attack } from './attack.ts';

attack(4, 'a token is made up, altered, cut, or somebody else is named beside it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nervous-attack-'));
  const engine = await startEngine({ config, dataDir });
  try {
    const token = engine.tokens['boris'] ?? '';
    const statusFor = async (authorization: string, more: Record<string, string> = {}): Promise<number> =>
      (await fetch(`${engine.url}/v1/change-sets`, { headers: { authorization, ...more } })).status;
    expect(await statusFor(`Bearer ${token}`)).toBe(200);
    const altered = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const forged of ['boris', altered, token.slice(0, -1), `${token}A`, '', 'null', 'e30.e30.'])
      expect([forged, await statusFor(`Bearer ${forged}`)]).toEqual([forged, 401]);
    expect(await statusFor('', { 'x-principal': 'boris', 'x-amzn-oidc-identity': 'boris' })).toBe(401);
  } finally {
    await engine.close();
    rmSync(dataDir, { recursive: true });
  }
});

attack(14, 'a scanner fetches every address there is: no GET writes anything', async () => {
  const fixture = await createTestSystem();
  const { json } = await call<{ change: { id: string } }>(fixture, 'POST /v1/change-sets', {
    as: 'advisor',
    body: {
      ...{ entityId: 'account:1', title: 'Do it', rationale: 'It is needed.' },
      operations: [{ type: 'state.put', payload: { note: 1 } }],
    },
  });
  const before = contentsOf(fixture.store);
  const { id } = json.change;
  const gets = ROUTES.filter(({ method }) => method === 'GET');
  expect(gets.length).toBeGreaterThan(10);
  for (const { path } of gets) {
    if (path === '/v1/stream') continue; // ends only with its reader; reads the same feed
    const target = path.replaceAll(/\{[^}]+\}/g, path.startsWith('/v1/change-sets') ? id : 'account:1');
    for (const as of ['ann', 'rita', 'aud', undefined]) await call(fixture, `GET ${target}?decision=approve`, { as });
    await call(fixture, `GET ${target}`, { as: 'rita' });
  }
  expect(contentsOf(fixture.store)).toBe(before);
});

attack(
  15,
  'the page shows something else than what is signed: the client hashes what it shows and sends nothing',
  async () => {
    const fixture = await createTestSystem();
    const { json } = await call<{ change: ChangeView }>(fixture, 'POST /v1/change-sets', {
      as: 'advisor',
      body: {
        ...{ entityId: 'account:1', title: 'Do it', rationale: 'It is needed.' },
        operations: [{ type: 'state.put', payload: { payee: 'mallory' } }],
      },
    });
    let sent = 0;
    const client = createClient({
      ...{ url: 'http://ledger.test', token: 'rita' },
      fetch: async () => {
        sent += 1;
        return Response.json({});
      },
    });
    const { operations, preview } = json.change;
    const harmless = { payee: 'alice' };
    const pages: ChangeView[] = [
      { ...json.change, operations: operations.map((operation) => ({ ...operation, payload: harmless })) },
      { ...json.change, preview: { ...preview, after: harmless } as never },
      { ...json.change, risk: { ...json.change.risk, facts: {} } as never },
    ];
    for (const page of pages)
      await expect(client.decide(page, 'approve')).rejects.toMatchObject({ code: 'NOT_AS_SHOWN' });
    expect(sent).toBe(0);
    await client.decide(json.change, 'approve');
    expect(sent).toBe(1);
  },
);
