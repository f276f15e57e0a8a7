/** The user's nervous.config.ts, imported where it stands and checked. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineConfig, type ConfigInput, type NervousConfig } from '../../core/system/index.ts';

export const DEFAULT_CONFIG = 'nervous.config.ts';

/** @throws ConfigError CONFIG_INVALID; Error with a sentence when there is none to read */
export async function loadConfig(path: string): Promise<NervousConfig> {
  const file = resolve(path);
  if (!existsSync(file)) throw new Error(`no configuration at "${file}": name yours with --config`);
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown; config?: unknown };
  const config = module.default ?? module.config;
  if (typeof config !== 'object' || config === null)
    throw new Error(`"${file}" exports no configuration: export it as default or as "config"`);
  return defineConfig(config as ConfigInput);
}
