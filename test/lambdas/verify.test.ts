/** Direct invocation of the verify function, and what a function of the deployment says about parts it was not given. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, vi } from 'vitest';
import { openAwsSystem, type AwsParts } from '../../adapters/aws/wiring/open-system.ts';
import type { VerificationReport } from '../../core/ledger/index.ts';
import { publishing } from '../../core/system/index.ts';
import { verifyDirectly, type DirectVerifiers, type VerifyRequest } from '../../lambdas/verify/verify-directly.ts';
import { config } from '../api/test-system.ts';

const OK: VerificationReport = { verdict: 'OK', entries: 1, chains: 1, checked: ['links'], notChecked: [] };

describe('verifying by direct invocation', () => {
  const asked = async (event: unknown): Promise<VerifyRequest | undefined> => {
    const verify = vi.fn<(request: VerifyRequest) => Promise<VerificationReport>>().mockResolvedValue(OK);
    expect(await verifyDirectly({ verify, verifySegment: vi.fn() }, event)).toBe(OK);
    return verify.mock.calls[0]?.[0];
  };

  it('verifies all, or one entity, with signatures unless they are declined', async () => {
    expect(await asked({ mode: 'full' })).toEqual({ signatures: true });
    expect(await asked({ mode: 'full', signatures: false })).toEqual({ signatures: false });
    expect(await asked({ mode: 'entity', entity: 'a/b' })).toEqual({ entity: 'a/b', signatures: true });
  });

  it.each([
    undefined,
    null,
    'full',
    {},
    { mode: 'everything' },
    { mode: 'entity' },
    { mode: 'entity', entity: '' },
    { mode: 'entity', entity: '#' },
    { mode: 'full', entity: 'a' },
    { mode: 'full', signatures: 'no' },
    [{ mode: 'full' }],
  ])('answers %j with how to ask', async (event) => {
    const verify = vi.fn();
    const answer = await verifyDirectly({ verify, verifySegment: verify }, event);
    expect(answer).toMatchObject({ kind: 'refused', code: 'REQUEST_INVALID' });
    expect((answer as { message: string }).message).toContain('{"mode":"full"}');
    expect(verify).not.toHaveBeenCalled();
  });

  it('W7: goes on with what is left of the same request, and is told how to hand over again', async () => {
    const verify = vi.fn<DirectVerifiers['verify']>().mockResolvedValue(OK);
    const name = { run: '2026-11-21T00:00:00.000Z-1', leg: 2, hash: 'a'.repeat(64), pieces: 1 };
    const asked = { mode: 'full', signatures: true, requireAnchored: true };
    expect(await verifyDirectly({ verify, verifySegment: vi.fn() }, { mode: 'leg', asked, name })).toBe(OK);
    const [request, continuation] = verify.mock.calls[0] ?? [];
    expect(request).toEqual({ signatures: true, requireAnchored: true });
    expect(continuation?.name).toEqual(name);
    expect(continuation?.nextOf({ ...name, leg: 3 })).toEqual({ mode: 'leg', asked, name: { ...name, leg: 3 } });
    for (const wrong of [{ leg: 1 }, { hash: 'a' }, { pieces: 0 }, { run: 'a#b' }])
      expect(
        await verifyDirectly({ verify, verifySegment: vi.fn() }, { mode: 'leg', asked, name: { ...name, ...wrong } }),
      ).toMatchObject({ kind: 'refused' });
  });

  it('does not hide a failure', async () => {
    const verify = () => Promise.reject(new Error('no'));
    await expect(verifyDirectly({ verify, verifySegment: vi.fn() }, { mode: 'full' })).rejects.toThrow('no');
  });

  it('verifies a segment for itself, and only one that was cut right', async () => {
    const segment = { kind: 'segment' as const, entries: 0, spans: [] };
    const verifySegment = vi.fn().mockResolvedValue(segment);
    const ask = (request: object) => verifyDirectly({ verify: vi.fn(), verifySegment }, request);
    const request = { mode: 'stretch', from: 256, to: 400, sizes: [300], published: 300, isShort: false, replay: true };
    const asked = { ...request, signatures: true };
    expect(await ask(asked)).toBe(segment);
    expect(verifySegment).toHaveBeenCalledExactlyOnceWith(asked);
    for (const wrong of [
      { from: 100 },
      { to: 256 },
      { to: 100_000 },
      { sizes: 'all' },
      { signatures: undefined },
      { replay: undefined },
    ])
      expect(await ask({ ...asked, ...wrong })).toMatchObject({ kind: 'refused', code: 'REQUEST_INVALID' });
    expect(verifySegment).toHaveBeenCalledTimes(1);
  });
});

describe("a function's system", () => {
  const open = (parts: AwsParts): ReturnType<typeof openAwsSystem> =>
    openAwsSystem({
      ...{ config, parts, client: new DynamoDBClient({ region: 'us-east-1' }), hooks: { onError: () => {} } },
      env: { ENTRIES_TABLE: 'entries', STATE_TABLE: 'state' },
    });

  it('opens with nothing but its tables, and settles at once', async () => {
    const { system, flush } = await open({});
    await flush();
    expect(system.policy.principal('ann')?.id).toBe('ann');
    expect(system.catalog.list().length).toBeGreaterThan(0);
  });

  it('names the part that it does not have', async () => {
    const { system } = await open({});
    const auditor = system.policy.principal('aud');
    if (auditor === undefined) throw new Error('no auditor');
    await expect(system.monitor()).rejects.toThrow(/part "bus"|credentials/i);
    await expect(system.verifyAll(auditor)).rejects.toThrow('part "verifyLog"');
    expect(() => system.changes.propose(auditor, {})).toThrow('"createActs.propose"');
    await expect((async () => system.publish(auditor, [{}]))()).rejects.toThrow('"createPublish"');
    await expect((async () => system.entities.get(auditor, 'a'))()).rejects.toThrow('"createEntities.get"');
  });

  it('asks for the root key and settles what its parts began', async () => {
    const flushed: string[] = [];
    const rootSigner = vi.fn(async () => ({ name: config.origin, publicKey: new Uint8Array(32), sign: vi.fn() }));
    const { flush, root } = await open({
      useCases: publishing,
      rootSigner,
      resumeQueue: () => ({ onChangeStep: () => {}, flush: async () => void flushed.push('resumeQueue') }),
    });
    await flush();
    expect(flushed).toEqual(['resumeQueue']);
    expect(rootSigner).toHaveBeenCalledTimes(1);
    expect(root.name).toBe(config.origin);
  });
});
