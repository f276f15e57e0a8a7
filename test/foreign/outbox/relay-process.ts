/** A relay as a process of its own, for tests that kill it: `relay-process.ts <port of PostgreSQL> <URL> <token>`. */
import { relayPostgresOutbox, type OutboxPool } from '../../../clients/outbox/postgres/index.ts';
import { createClient } from '../../../clients/sdk/index.ts';

const [, , port, url = '', token = ''] = process.argv;
interface Pg {
  readonly default: { readonly Pool: new (options: object) => OutboxPool & { end(): Promise<void> } };
}
const driver: string = 'pg'; // which the types of the project do not know
const { Pool } = ((await import(driver)) as Pg).default;
const pool = new Pool({ host: '127.0.0.1', port: Number(port), user: 'test', database: 'postgres', max: 3 });
const relay = relayPostgresOutbox({
  ...{ pool, client: createClient({ url, token }) },
  // Short, so that a relay also meets what another one is still working on.
  ...{ leaseSeconds: 0.5, sweepSeconds: 0.1, batchSize: 10 },
  onProblem: ({ kind, message }) => {
    if (kind === 'parked') process.stdout.write(`parked ${message}\n`);
  },
});
process.once('SIGTERM', () => {
  void relay.stop().then(() => pool.end());
});
process.stdout.write('working\n');
