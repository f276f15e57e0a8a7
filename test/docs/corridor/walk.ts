/** Acts on change-sets in the whole system in memory, each traced from its request to its answer. Prints what they entered. */
import type { JsonObject } from '../../../core/canonical/index.ts';
import { config } from '../../../nervous.config.ts';
import { startTestSystem } from '../../../testing/index.ts';
import { start, stop, type Entered } from './trace.ts';

const walks: Record<string, readonly Entered[]> = {};
const lab = await startTestSystem({ config });

/** The client of somebody whose next request is traced. */
const traced = (name: string, who: string) =>
  lab.as(who, (send) => async (input, init) => {
    start();
    try {
      return await send(input, init);
    } finally {
      walks[name] = stop();
    }
  });
const changeSet = (id: string) => lab.as('eva').changeSet(id);
const content = (payload: JsonObject) => ({
  ...{ title: 'Change', rationale: 'the customer asked' },
  operations: [{ type: 'state.put' as const, payload }],
});
let accounts = 0;
const proposed = async (payload: JsonObject): Promise<string> => {
  accounts += 1;
  return (await lab.as('ana').propose({ entityId: `account:${accounts}`, ...content(payload) })).change.id;
};

await proposed({ note: 'the first of a ledger' }); // which adopts its policy with it
const large = (await traced('propose', 'ana').propose({ entityId: 'account:0', ...content({ limit: '300000.00' }) })).change;
await traced('revise', 'ana').revise(large.id, content({ limit: '300001.00' }));
await lab.as('boris').decide(await changeSet(large.id), 'approve');
await traced('approve', 'dan').decide(await changeSet(large.id), 'approve');

const wrong = await proposed({ note: 'no' });
await traced('reject', 'boris').decide(await changeSet(wrong), 'reject', { reason: 'not this' });

const unclear = await proposed({ note: 'what' });
await lab.as('boris').decide(await changeSet(unclear), 'request-changes', { reason: 'unclear' });
await traced('revoke', 'boris').revoke(unclear);
await traced('withdraw', 'ana').withdraw(unclear);

const urgent = await proposed({ note: 'now' });
await traced('override', 'eva').override(await changeSet(urgent), { ticket: 'INC-1', reason: 'the line is down' });
while ((await changeSet(urgent)).state !== 'executed') await lab.settled();
await traced('review', 'dan').review(urgent, { verdict: 'justified', reason: 'it was down' });

process.stdout.write(JSON.stringify(walks));
