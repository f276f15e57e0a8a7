/** An engine in this process, an event, a change that an agent proposes and two people approve, and what a verifier says of all of it. */
import { setTimeout } from 'node:timers/promises';
import { startEngine } from 'nervous-system/engine';
import { createClient, type Client } from 'nervous-system/sdk';
import { config } from './nervous.config.ts';

const POLL_MS = 50;

/** @param dataDir a folder for the ledger, its keys and tokens */
export async function quickstart(dataDir: string, say: (line: string) => void): Promise<void> {
  const engine = await startEngine({ config, dataDir });
  try {
    const as = (id: string): Client<typeof config> =>
      createClient<typeof config>({ url: engine.url, token: engine.tokens[id] ?? '' });
    const payment = {
      topic: 'payments.received',
      eventId: 'p-1',
      entityId: 'account:1',
      payload: { cents: 2599 },
    } as const;
    const { hash } = await as('bank').publish(payment);
    say(`the payment is recorded as ${hash.slice(0, 12)}…`);
    const { change } = await as('limit-bot').propose({
      entityId: 'account:1',
      title: 'Give the account a limit',
      rationale: 'It has an income',
      operations: [{ type: 'state.put', payload: { limit: '500.00' } }],
    });
    say(`the agent's proposal needs ${change.stillNeeded?.text ?? 'nobody'}`);
    for (const person of ['paul', 'rita']) {
      // A decision is about exactly what was read: should it change meanwhile, it does not count.
      await as(person).decide(await as(person).changeSet(change.id), 'approve');
      say(`${person} approves`);
    }
    while ((await as('axel').changeSet(change.id)).state !== 'executed') await setTimeout(POLL_MS);
    const { document } = await as('axel').entity('account:1');
    say(`the document is ${JSON.stringify(document)}`);
    const { verdict } = await as('axel').verifyAll();
    say(`the verdict is ${verdict}`);
  } finally {
    await engine.close();
  }
}

if (import.meta.main) await quickstart('.data', console.log);
