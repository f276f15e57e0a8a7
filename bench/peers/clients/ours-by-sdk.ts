/** Ours over HTTP with the project's own client, one event a call. */
import type * as sdkModule from '../../../clients/sdk/index.ts';
import { loadEvents, print, publishAll, setting, type Measured } from './load.ts';

const { createClient } = (await import(setting('SDK'))) as typeof sdkModule;
const client = createClient({ url: setting('URL'), token: setting('TOKEN') });
const measured: Measured = {};
const load = { publishers: Number(setting('PUBLISHERS')), batch: 1, pid: Number(setting('PID')) };
await publishAll(loadEvents(), load, measured, async (_, part) => {
  for (const { entity, id, payload } of part)
    await client.publish({ eventId: id, topic: 'transactions.new', entityId: entity, payload });
});
print(measured);
process.exit(); // connections that are kept open would keep it
