/** A real engine on a folder of its own that may send to this machine, with a webhook whose receiver wants it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine, type Engine, type EngineOptions } from '../../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../../clients/sdk/index.ts';
import { defineConfig } from '../../../core/system/index.ts';
import { config as plain } from '../../support/plain-config.ts';

/** Many webhooks are made and tried in a minute here. */
const budgets = { ...plain.protection.budgets, operate: 'unlimited', subscribe: 'unlimited' } as const;
export const config = defineConfig({
  ...plain,
  protection: { ...plain.protection, budgets },
  webhooks: { allow: ['http', 'loopback'] },
});

export interface Running {
  readonly dataDir: string;
  engine: Engine;
  readonly errors: unknown[];
  readonly as: (id: string) => Client;
  /** Publishes transactions of these accounts, one after the other. */
  readonly publish: (...accounts: string[]) => Promise<void>;
  /** Makes a webhook of `budget-engine` whose receiver wants it. @returns its secret */
  readonly makeWebhook: (id: string, url: string, settings?: object) => Promise<string>;
  readonly restart: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export async function startRunning(options: Partial<EngineOptions> = {}): Promise<Running> {
  const dataDir = mkdtempSync(join(tmpdir(), 'nervous-webhooks-'));
  const errors: unknown[] = [];
  const open = (): Promise<Engine> =>
    startEngine({ config, dataDir, auditMinutes: 0, onError: (error) => errors.push(error), ...options });
  const running: Running = {
    dataDir,
    errors,
    engine: await open(),
    as: (id) => createClient({ url: running.engine.url, token: running.engine.tokens[id] ?? '' }),
    publish: async (...accounts) => {
      for (const entityId of accounts)
        await running.as('bank-feed').publish({
          ...{ topic: 'transactions.new', entityId, payload: { amount: '1.00', kind: 'credit' } },
        });
    },
    makeWebhook: async (id, url, { target = {}, ...settings }: { target?: object } = {}) => {
      const client = running.as('budget-engine');
      const input = { id, topics: ['transactions.new'], startAt: 'latest', ...settings } as const;
      await client.createSubscription({ ...input, target: { kind: 'webhook', url, ...target } });
      const { secret } = await client.webhooks.rotateSecret(id);
      const { subscription } = await client.webhooks.verify(id);
      if (subscription.verifiedAt === undefined) throw new Error('the receiver did not want it');
      return secret;
    },
    restart: async () => {
      await running.engine.close();
      running.engine = await open();
    },
    end: async () => {
      await running.engine.close();
      rmSync(dataDir, { recursive: true });
    },
  };
  return running;
}
