/** The testing kit as module authors use it: everything that takes time in operation takes none here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { DeliveredEvent } from '../../core/events/index.ts';
import { config } from '../../nervous.config.ts';
import { startTestSystem } from '../../testing/index.ts';

const credit = (entityId: string, eventId: string) =>
  ({ topic: 'transactions.new', eventId, entityId, payload: { amount: '5.00', kind: 'credit' } }) as const;

describe('the test system', () => {
  it('delivers what is published, and says when it is done', async () => {
    const lab = await startTestSystem({ config });
    const seen: string[] = [];
    await lab.as('reporting').subscribe({ topics: ['transactions.*'] }, ({ eventId }) => seen.push(eventId));
    await lab.as('bank-feed').publish(credit('account:1', 'e-1'));
    await lab.settled();
    expect(seen).toEqual(['e-1']);
    expect(await lab.as('eva').verifyAll()).toMatchObject({ verdict: 'OK' });
    expect(lab.errors).toEqual([]);
  });

  it('retries and gives up on its own clock', async () => {
    const lab = await startTestSystem({ config });
    const attempts: number[] = [];
    const retry = { maxAttempts: 3, baseMs: 60_000, maxMs: 3_600_000 };
    await lab.as('reporting').subscribe({ id: 's', topics: ['transactions.*'], retry }, (_event, { attempt }) => {
      attempts.push(attempt);
      throw new Error('the books are closed');
    });
    await lab.as('bank-feed').publish(credit('account:1', 'e-1'));
    await lab.settled();
    expect(attempts).toEqual([1]);
    await lab.clock.advance('1h');
    expect(attempts).toEqual([1, 2, 3]);
    const { deadLetters } = await lab.as('reporting').deadLetters('s');
    expect(deadLetters).toMatchObject([{ attempts: 3, reason: 'Error: the books are closed' }]);
  });

  it('approves and waits for time locks', async () => {
    const lab = await startTestSystem({ config });
    const { change } = await lab.as('ana').propose({
      ...{ entityId: 'account:1', title: 'Raise', rationale: 'the customer asked' },
      operations: [{ type: 'state.put', payload: { limit: '300000.00' } }],
    });
    await lab.settled();
    const decide = async (who: string): Promise<unknown> =>
      lab.as(who).decide(await lab.as(who).changeSet(change.id), 'approve');
    await decide('boris');
    await decide('dan');
    await lab.settled();
    expect((await lab.as('ana').changeSet(change.id)).state).not.toBe('executed');
    await lab.clock.advance('61m');
    expect((await lab.as('ana').changeSet(change.id)).state).toBe('executed');
    expect((await lab.as('ana').entity('account:1')).document).toEqual({ limit: '300000.00' });
  });

  it('calls functions, and waits for handlers that read files or the like', async () => {
    const seen: DeliveredEvent[] = [];
    const slow = async (event: DeliveredEvent): Promise<void> => {
      await sleep(20);
      seen.push(event);
    };
    const lab = await startTestSystem({ config, functions: { slow } });
    const target = { kind: 'function', name: 'slow' } as const;
    await lab.as('reporting').createSubscription({ id: 'f', topics: ['transactions.*'], target });
    await lab.as('bank-feed').publish(credit('account:1', 'e-1'));
    await lab.settled();
    expect(seen).toMatchObject([{ eventId: 'e-1' }]);
  });

  it('does not take a handler for one that hangs because the machine let the whole process wait', async () => {
    const seen: DeliveredEvent[] = [];
    const late = async (event: DeliveredEvent): Promise<void> => {
      await sleep(5);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
      await sleep(20);
      seen.push(event);
    };
    const lab = await startTestSystem({ config, functions: { late }, patienceMs: 200 });
    const target = { kind: 'function', name: 'late' } as const;
    await lab.as('reporting').createSubscription({ id: 'f', topics: ['transactions.*'], target });
    await lab.as('bank-feed').publish(credit('account:1', 'e-1'));
    await lab.settled();
    expect(seen).toMatchObject([{ eventId: 'e-1' }]);
  });

  it('is not held up by a handler that hangs: its lease runs out', async () => {
    const lab = await startTestSystem({ config, patienceMs: 20 });
    let isHanging = true;
    const done: string[] = [];
    await lab.as('reporting').subscribe({ id: 's', topics: ['transactions.*'], ackTimeoutMs: 1_000 }, ({ eventId }) => {
      if (isHanging) return new Promise(() => undefined);
      return done.push(eventId);
    });
    await lab.as('bank-feed').publish(credit('account:1', 'e-1'));
    await lab.settled();
    isHanging = false;
    await lab
      .as('reporting')
      .subscribe({ id: 's', topics: ['transactions.*'], ackTimeoutMs: 1_000 }, ({ eventId }) => done.push(eventId));
    await lab.clock.advance('1m');
    expect(done).toEqual(['e-1']);
  });

  it('streams, and gives back what the server says as errors with their code', async () => {
    const lab = await startTestSystem({ config });
    await lab.as('bank-feed').publish(credit('account:1', 'e-1'));
    for await (const { event } of lab.as('eva').stream({ topics: ['transactions.*'] })) {
      expect(event.eventId).toBe('e-1');
      break;
    }
    await expect(lab.as('bank-feed').verifyAll()).rejects.toMatchObject({ status: 403 });
    expect(() => lab.as('nobody')).toThrow('use one of bank-feed');
    expect(() => lab.clock.advance('soon')).toThrow('250ms');
  });
});
