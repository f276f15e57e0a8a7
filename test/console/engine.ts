/** An engine on a folder of its own, with people and change-sets to look at, and a link that signs somebody in to its console. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { createClient, type Client } from '../../clients/sdk/index.ts';
import { must } from '../../core/errors/index.ts';
import type { ProposalInput } from '../../core/changes/index.ts';
import { config as plain } from '../support/plain-config.ts';

export interface ConsoleEngine {
  readonly engine: Engine;
  readonly dataDir: string;
  readonly rootKey: string;
  as(principal: string): Client<typeof plain>;
  /** the address that signs this principal in, once. @param origin of a server in between, if there is one */
  link(principal: string, origin?: string): Promise<string>;
  close(): Promise<void>;
}

export interface ConsoleEngineOptions {
  readonly config?: typeof plain;
  /** default: any */
  readonly port?: number;
}

export async function startConsoleEngine({
  config = plain,
  port = 0,
}: ConsoleEngineOptions = {}): Promise<ConsoleEngine> {
  const dataDir = mkdtempSync(join(tmpdir(), 'nervous-console-'));
  const engine = await startEngine({ config, dataDir, port });
  const tokenOf = (principal: string): string => must(engine.tokens[principal], `a token of ${principal}`);
  const rootKey = readFileSync(join(dataDir, 'root.vkey'), 'utf8').trim();
  const witness = readFileSync(join(dataDir, 'witness/witness.vkey'), 'utf8').trim();
  return {
    ...{ engine, dataDir, rootKey },
    as: (principal) => createClient<typeof plain>({ url: engine.url, token: tokenOf(principal) }),
    link: async (principal, origin = engine.url) => {
      const headers = { authorization: `Bearer ${tokenOf(principal)}` };
      const response = await fetch(`${engine.url}/console/link`, { method: 'POST', headers });
      const { link } = (await response.json()) as { link: string };
      return `${origin}/console/#${new URLSearchParams({ link, vkey: rootKey, witness }).toString()}`;
    },
    close: async () => {
      await engine.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function limitProposal(limit: string, more: Partial<ProposalInput> = {}): ProposalInput {
  return {
    entityId: 'account:1695',
    title: `Set the limit to ${limit}`,
    rationale: 'Regular income, no rejected payment',
    operations: [{ type: 'state.put', payload: { currency: 'CZK', limit } }],
    ...more,
  };
}
