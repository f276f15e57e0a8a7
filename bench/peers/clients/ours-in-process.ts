/** Ours in process, on the engine: from the built package or from the sources, as ENGINE and CONFIG say. */
import type * as engineModule from '../../../adapters/embedded/index.ts';
import type * as configModule from '../../support/bench-config.ts';
import { deliver, diskBytes, loadEvents, print, publishAll, setting, type Measured, type PeerEvent } from './load.ts';

const { startEngine } = (await import(setting('ENGINE'))) as typeof engineModule;
const { config } = (await import(setting('CONFIG'))) as typeof configModule;
const dataDir = setting('DIR');
const [batch, publishers] = [Number(setting('BATCH')), Number(setting('PUBLISHERS'))];
const subscribers = setting('SUBS').split(',').filter(Boolean).map(Number);

const engine = await startEngine({ config, dataDir, http: false });
const [feed, reporting] = [principal('bank-feed'), principal('reporting')];
const measured: Measured = {};
const events = loadEvents();
if (setting('WITH_SUBSCRIBER') !== '') {
  // Every event is delivered, too, while publishing is measured.
  await engine.system.subscriptions.create(reporting, { id: 'load', topics: ['transactions.*'] });
  engine.consume(reporting, 'load', () => undefined);
}
const published = await publishAll(events, { publishers, batch }, measured, (_, part) => publish(part));
await engine.log.loop.flush();
measured['diskBytesPerEvent'] = Math.round(diskBytes(dataDir) / published);
for (const count of subscribers) await delivery(count);
await engine.close();
print(measured);

function principal(id: string) {
  const found = engine.system.policy.principal(id);
  if (found === undefined) throw new Error(`"${id}" is not in the configuration`);
  return found;
}

async function publish(part: readonly PeerEvent[]): Promise<void> {
  const inputs = part.map(({ entity, id, payload }) => ({
    ...{ eventId: id, topic: 'transactions.new', entityId: entity, payload },
  }));
  const results = await engine.system.publish(feed, inputs);
  const refused = results.find(({ status }) => status !== 'accepted');
  if (refused !== undefined) throw new Error(`not accepted: ${JSON.stringify(refused)}`);
}

async function delivery(count: number): Promise<void> {
  const consumers: { stop(): Promise<void> }[] = [];
  await deliver(events, count, measured, {
    publish: (event) => publish([event]),
    receive: async (report) => {
      for (let i = 0; i < count; i++) {
        const id = `bench-${count}-${i}`;
        await engine.system.subscriptions.create(reporting, { id, topics: ['transactions.*'] });
        consumers.push(
          engine.consume(reporting, id, ({ eventId }) => {
            report(eventId);
          }),
        );
      }
    },
  });
  for (const consumer of consumers) await consumer.stop();
}
