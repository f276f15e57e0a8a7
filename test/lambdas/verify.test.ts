/** Direct invocation of the verify function, and what a function of the deployment says about parts it was not given. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, vi } from 'vitest';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
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
  const client = new DynamoDBClient({ region: 'us-east-1' });
  const rootSigner = vi.fn(async () => ({ name: config.origin, publicKey: new Uint8Array(32), sign: vi.fn() }));
  const options = {
    ...{ config, client, rootSigner, hooks: { onError: () => {} } },
    env: { ENTRIES_TABLE: 'entries', STATE_TABLE: 'state' },
  };

  it('opens with nothing but its tables and the root key, and flushes at once', async () => {
    const { system, root, flush } = await openAwsSystem({ ...options, useCases: {}, ports: () => ({}) });
    await flush();
    expect(system.policy.principal('ann')?.id).toBe('ann');
    expect(Object.keys(system.catalog.topics).length).toBeGreaterThan(0);
    expect(root.name).toBe(config.origin);
    expect(rootSigner).toHaveBeenCalledTimes(1);
  });

  it('has what it was given, and nothing else', async () => {
    const bus = { relay: () => {} };
    const { system } = await openAwsSystem({ ...options, useCases: publishing, ports: () => ({ bus }) });
    expect(Object.keys(system).sort()).toEqual(
      ['catalog', 'config', 'execute', 'guards', 'initialize', 'policy', 'publish', 'refreshPolicy', 'reveal'].sort(),
    );
    // @ts-expect-error a function that was built without a feed has none
    expect(system.feed).toBeUndefined();
  });

  it('flushes what its ports began', async () => {
    const flushed: string[] = [];
    const { flush } = await openAwsSystem({
      ...{ ...options, useCases: publishing },
      ports: ({ beforeAnswer }) => {
        beforeAnswer(async () => void flushed.push('relay'));
        return { bus: { relay: () => {} } };
      },
    });
    await flush();
    expect(flushed).toEqual(['relay']);
  });
});
