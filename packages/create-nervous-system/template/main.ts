/** Runs the module beside the engine: NERVOUS_TOKEN=$(npx nervous token loyalty --data .data) node main.ts */
import { createClient } from 'nervous-system/sdk';
import { startLoyalty } from './loyalty.ts';
import type { config } from './nervous.config.ts';

const client = createClient<typeof config>({
  url: process.env['NERVOUS_URL'] ?? 'http://127.0.0.1:4150',
  token: process.env['NERVOUS_TOKEN'] ?? '',
});
const running = await startLoyalty(client);
process.once('SIGTERM', () => void running.stop()); // finishes what it holds, then the process ends by itself
console.log('loyalty is running');
