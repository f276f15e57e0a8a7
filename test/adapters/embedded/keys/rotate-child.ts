/** Rotates the root key amid appends until it is killed, saying each new key once the engine has answered. */
import { setImmediate } from 'node:timers/promises';
import { startEngine } from '../../../../adapters/embedded/index.ts';
import { config } from '../../../../nervous.config.ts';

const engine = await startEngine({ config, dataDir: process.argv[2] ?? '', http: false, checkpointMs: 5 });
const feed = engine.system.policy.principal('bank-feed');
if (feed === undefined) throw new Error('the sample roster has changed');
// Whatever becomes of the test, this ends.
setTimeout(() => process.exit(1), 60_000).unref();
const publishing = async (): Promise<never> => {
  for (;;) {
    // A caller in the engine's own process that never yields leaves no time for anything else.
    await setImmediate();
    await engine.system.publish(feed, [
      { topic: 'transactions.new', entityId: 'account:1', payload: { amount: '1.00', kind: 'credit' } },
    ]);
  }
};
void publishing();
process.stdout.write('started\n');
for (;;) process.stdout.write(`${(await engine.rotateRootKey('again')).verifierKey}\n`);
