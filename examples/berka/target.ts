/** Where an example runs: on the engine that was named, or on its own in a temporary folder that goes with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startEngine } from '../../adapters/embedded/index.ts';
import { config } from '../../nervous.config.ts';

export interface Target {
  readonly url: string;
  readonly token: (principal: string) => string;
  readonly close: () => Promise<void>;
}

export async function openTarget({ url, token }: { url?: string; token?: string }): Promise<Target> {
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

/** The JSON object of tokens that `npm start -- --json` prints. */
function tokensOf(text: string): Readonly<Record<string, string>> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch (cause) {
    throw new Error('--token must be a JSON object such as {"bank-feed":"…","reporting":"…","eva":"…"}', { cause });
  }
}
