/** What a webhook sends of an event. */
import { describe, expect, it } from 'vitest';
import type { ChainHash, IsoInstant } from '../../../../core/brands/index.ts';
import { MAX_FULL_BYTES, webhookId, webhookMessage } from '../../../../core/events/webhooks/webhook-message.ts';
import { checked } from '../../../support/checked.ts';

const EVENT = {
  ...{ eventId: 'e.1', topic: 'transactions.new', version: 1, source: 'bank-feed', entityId: 'account:1' },
  timestamp: checked<IsoInstant>('2026-11-22T09:00:00.000Z'),
  payload: { amount: '5.00' },
  ledger: { entity: 'account:1', seq: 3, hash: checked<ChainHash>('ab'.repeat(32)), position: 17 },
};
const SETTINGS = { ledger: 'main', origin: 'example.org/ledger', format: 'envelope', payload: 'full' } as const;
const bodyOf = (event: typeof EVENT, more: object = {}): Record<string, unknown> =>
  JSON.parse(webhookMessage(event, { ...SETTINGS, ...more }).body) as Record<string, unknown>;

describe('a webhook message', () => {
  it('says what happened, and where it stands in the ledger', () => {
    expect(bodyOf(EVENT)).toEqual({
      ...{ type: 'transactions.new', timestamp: '2026-11-22T09:00:00.000Z', eventId: 'e.1', version: 1 },
      ...{ source: 'bank-feed', entityId: 'account:1', data: { amount: '5.00' }, ledger: EVENT.ledger },
    });
  });

  it('has an id of the event: stable, one for each source, without a full stop', () => {
    const { id } = webhookMessage(EVENT, SETTINGS);
    expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(webhookMessage({ ...EVENT, payload: { amount: '6.00' } }, { ...SETTINGS, payload: 'thin' }).id).toBe(id);
    expect(webhookId('main', { source: 'other', eventId: 'e.1' })).not.toBe(id);
    expect(webhookId('other', EVENT)).not.toBe(id);
  });

  const named = { eventId: 'e.1', href: '/v1/events/e.1?source=bank-feed', ledger: EVENT.ledger };

  it('thin: names the event and where to read it, and nothing of what it says', () => {
    expect(bodyOf(EVENT, { payload: 'thin' })).toMatchObject(named);
    expect(JSON.stringify(bodyOf(EVENT, { payload: 'thin' }))).not.toContain('5.00');
  });

  it('is thin above 20,000 bytes', () => {
    const large = (chars: number): typeof EVENT => ({ ...EVENT, payload: { amount: 'x'.repeat(chars) } });
    const overhead = webhookMessage(large(0), SETTINGS).body.length;
    expect(bodyOf(large(MAX_FULL_BYTES - overhead))).toHaveProperty('data');
    expect(bodyOf(large(MAX_FULL_BYTES - overhead + 1))).toMatchObject(named);
    expect(bodyOf(large(MAX_FULL_BYTES - overhead + 1))).not.toHaveProperty('data');
  });

  it('is thin when fields are confidential', () => {
    const commits = [{ path: '/iban', hash: 'cd'.repeat(32) }];
    expect(bodyOf({ ...EVENT, commits } as typeof EVENT)).not.toHaveProperty('data');
  });

  it('as a CloudEvent, full and thin', () => {
    const full = webhookMessage(EVENT, { ...SETTINGS, format: 'cloudevents' });
    expect(full.contentType).toBe('application/cloudevents+json; charset=utf-8');
    expect(JSON.parse(full.body)).toMatchObject({
      specversion: '1.0',
      id: 'e.1',
      data: { amount: '5.00' },
      ledgerposition: '17',
    });
    const thin = bodyOf(EVENT, { format: 'cloudevents', payload: 'thin' });
    expect(thin).toMatchObject({ specversion: '1.0', id: 'e.1', href: named.href, ledgerhash: EVENT.ledger.hash });
    expect(thin).not.toHaveProperty('data');
  });
});
