/** Where an example runs: on the engine that was named, or on its own in a temporary folder that goes with it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { findEngine, startEngine } from '../../adapters/embedded/index.ts';
import { config } from '../../nervous.config.ts';

export interface Target {
  readonly url: string;
  readonly token: (principal: string) => string;
  readonly close: () => Promise<void>;
}

export async function openTarget(where: {
  readonly url?: string;
  readonly token?: string;
  /** of an engine that runs */
  readonly data?: string;
}): Promise<Target> {
  const { url, token, data } = where;
  if (data !== undefined) return runningOn(data);
  if (url !== undefined) {
    if (token === undefined) throw new Error('--url needs --token');
    const tokens = tokensOf(token);
    return { url, token: (principal) => tokens[principal] ?? '', close: async () => {} };
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'nervous-berka-'));
  const engine = await startEngine({ config, dataDir });
  return {
    url: engine.url,
    token: (principal) => engine.tokens[principal] ?? '',
    close: async () => {
      await engine.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function runningOn(data: string): Target {
  const engine = findEngine(data);
  if (engine.kind !== 'running')
    throw new Error(`no engine runs on "${data}": start it with npm start -- --data ${data}`);
  const { tokens } = JSON.parse(readFileSync(join(data, 'tokens.json'), 'utf8')) as { tokens: Record<string, unknown> };
  const tokenFor = (principal: string): string => {
    const kept = tokens[principal];
    return z.union([z.string(), z.object({ token: z.string() }).transform(({ token }) => token)]).parse(kept);
  };
  return { url: engine.url, token: tokenFor, close: async () => {} };
}

/** The `tokens` of the line that `npm start -- --json --print-tokens` prints. */
function tokensOf(text: string): Readonly<Record<string, string>> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch (cause) {
    throw new Error('--token must be a JSON object such as {"bank-feed":"…","reporting":"…","eva":"…"}', { cause });
  }
}
