/** Package managers that a project of strangers is installed with, and versions of Node that run it: how each one installs, starts and runs. */
import { join } from 'node:path';
import { built, pathBeginningWith } from './stranger.ts';

export const PROJECT = 'my-system';

export interface Manager {
  readonly name: string;
  readonly create: readonly string[];
  readonly install?: readonly string[];
  /** runs a script of package.json */
  readonly script: readonly string[];
  /** how it passes options to a script */
  readonly separator: readonly string[];
  /** runs a program that a package brings */
  readonly runs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** the major version of Node that runs all of it */
  readonly node: number;
}

const MODULES = join(import.meta.dirname, 'node_modules');
const NPM_CREATE = ['npm', 'create', '-y', 'nervous-system', PROJECT];
/** The others make a project with npm's own command, and install it with theirs. */
const NOT_INSTALLED = [...NPM_CREATE, '--', '--no-install'];

function pnpm(): Manager {
  const pnpm = join(MODULES, '.bin/pnpm');
  return { ...OTHER, name: 'pnpm', install: [pnpm, 'install'], script: [pnpm, 'run'], runs: [pnpm, 'exec'] };
}

function yarn(): Manager {
  const yarn = join(MODULES, 'yarn/bin/yarn.js');
  const runs = [yarn, '--silent', 'run'];
  return { ...OTHER, name: 'yarn', install: [yarn, 'install'], script: [yarn, 'run'], runs };
}

/** @param linker `pnp` leaves the packages zipped and tells Node where they are: there is no node_modules */
function yarn4(linker: 'node-modules' | 'pnp'): Manager {
  const yarn = join(MODULES, '@yarnpkg/cli-dist/bin/yarn.js');
  const env = {
    YARN_NODE_LINKER: linker,
    YARN_NPM_REGISTRY_SERVER: built.registry,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', // as it is by default where no CI runs
    YARN_ENABLE_TELEMETRY: 'false',
    YARN_GLOBAL_FOLDER: join(built.outside, 'yarn-4'),
    YARN_CACHE_FOLDER: join(built.outside, 'yarn-4/cache'),
  };
  return {
    ...OTHER,
    name: `yarn-4-${linker}`,
    env,
    install: [yarn, 'install'],
    script: [yarn, 'run'],
    runs: [yarn, 'run'],
  };
}

function bun(): Manager {
  const bun = join(MODULES, `@oven/bun-${process.platform}-${process.arch}/bin/bun`);
  const env = { BUN_INSTALL_CACHE_DIR: join(built.outside, 'bun'), BUN_CONFIG_REGISTRY: built.registry };
  return {
    ...OTHER,
    name: 'bun',
    env,
    install: [bun, 'install'],
    script: [bun, 'run'],
    runs: [bun, 'run', '--silent'],
  };
}

const OUR_NODE = Number(process.versions.node.split('.')[0]);
const OTHER: Pick<Manager, 'create' | 'env' | 'separator' | 'node'> = {
  ...{ create: NOT_INSTALLED, env: {}, separator: [], node: OUR_NODE },
};
const NPM: Manager = {
  ...{ name: 'npm', create: NPM_CREATE, script: ['npm', 'run'], separator: ['--'], runs: ['npx'] },
  ...{ env: {}, node: OUR_NODE },
};

/** What npm calls the latest, which most people have who install Node today. */
function newerNode(): Manager {
  const program = `node-26/node_modules/node-${process.platform}-${process.arch}/bin`;
  const env = { PATH: pathBeginningWith(join(import.meta.dirname, program)) };
  return { ...NPM, name: 'npm-node-26', env, node: 26 };
}

const ALL: readonly Manager[] = [NPM, newerNode(), pnpm(), yarn(), yarn4('node-modules'), yarn4('pnp'), bun()];

/** @param names with commas between them */
export function managersOf(names: string): readonly Manager[] {
  return names.split(',').map((name) => {
    const found = ALL.find((one) => one.name === name);
    if (found === undefined)
      throw new Error(`no such package manager: ${name}; there are ${ALL.map((one) => one.name).join(', ')}`);
    return found;
  });
}
