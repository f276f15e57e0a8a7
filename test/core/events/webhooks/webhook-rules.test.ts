/** When a webhook is tried again, what an answer means, and when it is disabled. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeAnswer } from '../../../../core/events/webhooks/webhook-answer.ts';
import {
  afterWebhookFailure,
  DISABLED_AFTER_MS,
  type Failing,
} from '../../../../core/events/webhooks/webhook-failing.ts';
import {
  JITTER,
  MAX_RETRY_AFTER_MS,
  nextAttemptAt,
  retryAfterMs,
  WEBHOOK_SCHEDULE,
} from '../../../../core/events/webhooks/webhook-schedule.ts';
import type { EpochMs } from '../../../../core/brands/index.ts';
import { checked } from '../../../support/checked.ts';

const NOW = checked<EpochMs>(Date.parse('2026-11-22T09:00:00Z'));
const HOUR = 3_600_000;
const after = (ms: number): EpochMs => checked<EpochMs>(NOW + ms);

describe('the schedule', () => {
  it('makes eight attempts in 27 h 35 m 5 s, jitter aside', () => {
    expect(WEBHOOK_SCHEDULE).toHaveLength(8);
    expect(WEBHOOK_SCHEDULE.reduce((sum, wait) => sum + wait, 0)).toBe(27 * HOUR + 35 * 60_000 + 5_000);
    expect(Math.max(...WEBHOOK_SCHEDULE) * (1 + JITTER)).toBeLessThanOrEqual(12 * HOUR);
  });

  it('over 30 simulated hours each attempt comes within its jitter, and never before its time or Retry-After', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const asked = fc.option(fc.integer({ min: 0, max: 40 * HOUR }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(random, asked), { minLength: 8, maxLength: 8 }), (answers) => {
        let now = NOW;
        for (const [i, [jitter, ms]] of answers.entries()) {
          const failed = { attempts: i + 1, nowMs: now, random: jitter };
          const next = nextAttemptAt(WEBHOOK_SCHEDULE, ms === undefined ? failed : { ...failed, retryAfterMs: ms });
          const wait = WEBHOOK_SCHEDULE[i + 1];
          if (wait === undefined || next === undefined) {
            expect([wait, next]).toEqual([undefined, undefined]);
            return;
          }
          const least = Math.max(wait, Math.min(ms ?? 0, MAX_RETRY_AFTER_MS));
          expect(next - now).toBeGreaterThanOrEqual(least);
          expect(next - now).toBeLessThanOrEqual(Math.max(Math.ceil(wait * (1 + JITTER)), least));
          now = next;
        }
      }),
    );
  });

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Sun, 22 Nov 2026 09:01:00 GMT', 60_000],
    ['Sun, 22 Nov 2026 08:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['2026-11-22', undefined],
    [undefined, undefined],
  ])('reads Retry-After: %s', (header, ms) => expect(retryAfterMs(header, NOW)).toBe(ms));
});

describe('answers', () => {
  const judge = (status: number, headers: Record<string, string> = {}): unknown =>
    judgeAnswer({ status, headers }, NOW);

  it.each([200, 201, 202, 204, 299])('%i is delivered', (status) =>
    expect(judge(status)).toEqual({ kind: 'delivered' }),
  );

  it.each([
    [301, false],
    [308, false],
    [400, false],
    [401, false],
    [404, false],
    [500, false],
    [501, false],
    [100, false],
    [429, true],
    [502, true],
    [503, true],
    [504, true],
  ])('%i is tried again; slow: %s', (status, slow) => expect(judge(status)).toMatchObject({ kind: 'retry', slow }));

  it('410 ends the webhook, whatever else is said', () => {
    expect(judge(410, { 'webhook-delivery': 'abort-message' })).toMatchObject({ kind: 'gone' });
  });

  it('abort-message gives up the event, but not one that was delivered', () => {
    expect(judge(400, { 'webhook-delivery': 'abort-message' })).toMatchObject({ kind: 'dead-letter' });
    expect(judge(200, { 'webhook-delivery': 'abort-message' })).toEqual({ kind: 'delivered' });
    expect(judge(400, { 'webhook-delivery': 'other' })).toMatchObject({ kind: 'retry' });
  });

  it('Retry-After is handed on, whatever the status', () => {
    expect(judge(503, { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7_000 });
    expect(judge(500, { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7_000 });
  });
});

describe('nothing but failure', () => {
  it('tells at 50, 70, 90 and 100 % of five days, once each', () => {
    const told: [number, number][] = [];
    let failing: Failing | undefined;
    for (let hours = 0; hours <= 130; hours += 2) {
      const next = afterWebhookFailure(failing, after(hours * HOUR));
      failing = next.failing;
      for (const alert of next.alerts) told.push([hours, alert]);
    }
    expect(told).toEqual([
      [60, 50],
      [84, 70],
      [108, 90],
      [120, 100],
    ]);
  });

  it('tells what was passed by, all at once', () => {
    const failing = { since: NOW, lastAt: after(60 * HOUR), told: 0 };
    expect(afterWebhookFailure(failing, after(84 * HOUR)).alerts).toEqual([50, 70]);
  });

  it('begins anew when nothing was tried for more than a day: five quiet days are not five days of failure', () => {
    const failing = { since: NOW, lastAt: NOW, told: 0 };
    const { failing: next, alerts } = afterWebhookFailure(failing, after(DISABLED_AFTER_MS));
    expect([next, alerts]).toEqual([
      { since: after(DISABLED_AFTER_MS), lastAt: after(DISABLED_AFTER_MS), told: 0 },
      [],
    ]);
  });
});
