/** Events of AWS services become entries: once, under their own topic, by a service; what does not fit is kept aside. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { power, until, type BridgeEvent, type Scenario, type SampleClient } from './fixture.ts';

const SAMPLES = join(import.meta.dirname, '../samples/aws-events');

const objectCreated = (key: string): BridgeEvent => ({
  ...{ version: '0', id: randomUUID(), 'detail-type': 'Object Created', source: 'aws.s3', account: '111122223333' },
  ...{ time: '2021-11-12T00:00:00Z', region: 'ca-central-1', resources: ['arn:aws:s3:::example-bucket'] },
  detail: { version: '0', bucket: { name: 'example-bucket' }, object: { key, size: 5, ratio: 0.5 } },
});

/** The first event of the feed that is this one. */
async function inFeed(client: SampleClient, topic: string, isIt: (event: { payload: unknown }) => boolean) {
  const stop = new AbortController();
  try {
    for await (const { event } of client.feed({ topics: [topic], signal: stop.signal })) if (isIt(event)) return event;
  } finally {
    stop.abort();
  }
  throw new Error('the feed ended');
}

/** Recorded samples as `PutEvents` takes them: `aws.` itself belongs to AWS, so a replayed one says so. */
function samples(): { name: string; source: string; detailType: string; detail: object }[] {
  return readdirSync(SAMPLES)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const event = JSON.parse(readFileSync(join(SAMPLES, name), 'utf8')) as Record<string, unknown>;
      const detailType = event['detail-type'] as string;
      return { name, source: `replay.${event['source'] as string}`, detailType, detail: event['detail'] as object };
    });
}

export const ingress: readonly Scenario[] = [
  {
    name: 'an event of an AWS service is recorded under its topic, by a service, once however often it is delivered',
    needs: ['deliver'],
    run: async (fixture) => {
      const event = objectCreated(randomUUID());
      for (let i = 0; i < 3; i++) await power(fixture, 'deliver')(event);
      const eva = fixture.as('eva');
      const recorded = await inFeed(
        eva,
        'aws.s3.object-created',
        (one) => (one as { eventId?: string }).eventId === event.id,
      );
      expect(recorded).toMatchObject({ eventId: event.id, topic: 'aws.s3.object-created', source: 'aws.s3' });
      const { ledger, entityId } = recorded;
      const last = objectCreated(randomUUID());
      await power(fixture, 'deliver')(last);
      await inFeed(eva, 'aws.s3.object-created', (one) => (one as { eventId?: string }).eventId === last.id);
      const { entries } = await eva.entries(entityId, { from: ledger.seq, limit: 100 });
      expect(entries[0]?.body.actor).toMatchObject({ kind: 'service', id: 'aws.s3' });
      expect(entries.filter(({ body }) => body.idem === event.id)).toHaveLength(1);
    },
  },
  {
    name: 'what cannot be taken is in quarantine with the reason',
    needs: ['deliver'],
    run: async (fixture) => {
      const stranger = { ...objectCreated(randomUUID()), source: 'someone.else' };
      await power(fixture, 'deliver')(stranger);
      const kept = await until('the event should be in quarantine', async () => {
        const { events } = await fixture.as('eva').quarantine({ limit: 100 });
        return events.find(({ event }) => JSON.stringify(event).includes(stranger.id));
      });
      expect(kept.reason).toContain('someone.else');
      await expect(fixture.as('bank-feed').quarantine()).rejects.toMatchObject({ status: 403 });
    },
  },
  {
    name: 'recorded events of many AWS services, put on the ingress bus, are all in the feed',
    needs: ['putOnIngressBus'],
    run: async (fixture) => {
      const run = randomUUID();
      const sent = samples().map(({ detail, ...rest }) => ({ ...rest, detail: { ...detail, run } }));
      await power(fixture, 'putOnIngressBus')(sent);
      for (const { source, detailType } of sent) {
        const topic = `${source.replace('replay.', '')}.${detailType.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
        const isIt = ({ payload }: { payload: unknown }): boolean => JSON.stringify(payload).includes(run);
        expect(await inFeed(fixture.as('eva'), topic, isIt)).toMatchObject({ topic });
      }
    },
  },
];
