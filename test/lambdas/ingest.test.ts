import { describe, expect, it } from 'vitest';
import type { ChainHash } from '../../core/brands/index.ts';
import type { IngressResult } from '../../core/events/index.ts';
import type { Execute } from '../../core/system/index.ts';
import { takeEvent } from '../../lambdas/ingest/take-event.ts';
import { checked } from '../support/checked.ts';

const execute: Execute = ({ run }) =>
  run({ heavily: (work) => work(), about: () => undefined, journal: async () => {} });
const accepted: IngressResult = { status: 'accepted', eventId: 'e', entity: 'a', seq: 0, hash: checked<ChainHash>('') };

describe('a message of the ingest queue', () => {
  it('is taken as JSON, and settled before it counts as served', async () => {
    const log: unknown[] = [];
    const ingest = async (raw: unknown): Promise<IngressResult> => (log.push(raw), accepted);
    expect(await takeEvent({ execute, ingest, flush: async () => void log.push('settled') }, '{"id":"1"}')).toEqual(
      accepted,
    );
    expect(log).toEqual([{ id: '1' }, 'settled']);
  });

  it('comes again when it could not be written', async () => {
    const ingest = (): Promise<never> => Promise.reject(new Error('throttled'));
    await expect(takeEvent({ execute, ingest, flush: async () => {} }, '{}')).rejects.toThrow('throttled');
  });

  it.each(['not JSON', '{"a":1,"a":2}', '', '{"a":"\\ud800"}'])(
    'is handed on as it came when it is no JSON: %s',
    async (body) => {
      const ingest = async (raw: unknown): Promise<IngressResult> => ({
        status: 'quarantined',
        id: 'q',
        reason: String(raw),
      });
      expect(await takeEvent({ execute, ingest, flush: async () => {} }, body)).toMatchObject({ reason: body });
    },
  );
});
