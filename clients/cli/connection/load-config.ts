/** The user's nervous.config.ts, imported where it stands and checked. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, defineConfig, type ConfigInput, type NervousConfig } from '../../../core/system/index.ts';
import { orBlank } from '../../../core/values/index.ts';
import { lineOf } from './config-place.ts';

export const DEFAULT_CONFIG = 'nervous.config.ts';

/** @throws ConfigError CONFIG_INVALID; Error with a sentence when there is none to read */
export async function loadConfig(path: string): Promise<NervousConfig> {
  const file = resolve(path);
  if (!existsSync(file)) throw new Error(`no configuration at "${file}": name yours with --config`);
  const module = await load(file);
  const config = module.default ?? module.config;
  if (typeof config !== 'object' || config === null)
    throw new Error(`"${file}" exports no configuration: export it as default or as "config"`);
  try {
    return defineConfig(config as ConfigInput);
  } catch (error) {
    throw located(error, file);
  }
}

async function load(file: string): Promise<{ readonly default?: unknown; readonly config?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { default?: unknown; config?: unknown };
  } catch (error) {
    throw located(error, file);
  }
}

/** The same error, said with file and line. */
function located(error: unknown, file: string): unknown {
  if (error instanceof ConfigError) return withPlaces(error, file);
  if (!(error instanceof Error)) return error;
  // Node names the place in the first line of the stack (syntax), or in the first frame of this file (what was thrown).
  const place = orBlank(error.stack).split(`${file}:`)[1]?.match(/^\d+/)?.[0];
  const where = place === undefined ? file : `${file}:${place}`;
  return new Error(`${where}: the configuration cannot be loaded: ${error.message}`, { cause: error });
}

function withPlaces({ code, problems, cause }: ConfigError, file: string): ConfigError {
  const source = readFileSync(file, 'utf8');
  const lines = problems.map(({ pointer, detail }) => {
    const line = lineOf(source, pointer);
    return `  ${file}${line === undefined ? '' : `:${line}`}  ${pointer === '' ? 'the whole' : pointer}: ${detail}`;
  });
  return new ConfigError({
    ...{ code, problems, cause },
    message: ['the configuration cannot be used:', ...lines].join('\n'),
  });
}
