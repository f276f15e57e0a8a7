#!/usr/bin/env node
/**
 * `npm create nervous-system <folder> [-- --aws]`: copies the template into a new folder, and installs what it needs. Plain
 * JavaScript without dependencies, because it runs before anything is installed, on whichever Node there is.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const NEEDED_MAJOR = 24;
const USAGE = `Usage: npm create nervous-system <folder> [-- --aws] [-- --no-install]

Makes a nervous system of your own in a new folder: configuration, a module, an executor, and their tests.

  --aws         adds a CDK app that deploys it
  --no-install  leaves out "npm install"
`;
/** npm leaves these out of a package, so they travel under other names. */
const RENAMED = { gitignore: '.gitignore', github: '.github' };
/** https://docs.npmjs.com/cli/configuring-npm/package-json#name, without a scope */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9._-]{0,213}$/;

class UsageError extends Error {}

try {
  create(readArguments());
} catch (error) {
  console.error(`create-nervous-system: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

function readArguments() {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: { aws: { type: 'boolean' }, 'no-install': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${USAGE}`);
  }
  const { values, positionals } = parsed;
  if (values.help) return { help: true };
  if (positionals.length !== 1) throw new UsageError(`name one folder\n\n${USAGE}`);
  return { folder: resolve(positionals[0]), aws: values.aws === true, install: values['no-install'] !== true };
}

function create({ help, folder, aws, install }) {
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR)
    throw new Error(`it needs Node ${NEEDED_MAJOR} or newer, and this is ${process.version}: install that first`);
  const name = basename(folder).toLowerCase();
  if (!PACKAGE_NAME.test(name))
    throw new UsageError(
      `"${basename(folder)}" cannot be the name of a package: take letters, digits, "-", "_" and "."`,
    );
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UsageError(`"${folder}" exists and is not empty: name another folder`);
  mkdirSync(folder, { recursive: true });
  copyTemplate('template', folder);
  if (aws) copyTemplate('template-aws', folder);
  nameIt(folder, { name, aws });
  if (install) installIn(folder);
  sayWhatNext(folder, { aws, install });
}

function copyTemplate(template, folder) {
  cpSync(fileURLToPath(new URL(template, import.meta.url)), folder, { recursive: true });
  for (const [from, to] of Object.entries(RENAMED))
    if (existsSync(join(folder, from))) renameSync(join(folder, from), join(folder, to));
}

/** The package's name, and the versions that this one was made with. */
function nameIt(folder, { name, aws }) {
  const own = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  const file = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const more = aws ? JSON.parse(readFileSync(join(folder, 'package-aws.json'), 'utf8')) : {};
  const both = (field) => sorted({ ...manifest[field], ...more[field] });
  const { versions } = own;
  const versioned = (field) =>
    Object.fromEntries(Object.entries(both(field)).map(([one, range]) => [one, versions[one] ?? range]));
  const whole = {
    ...{ name, ...manifest, scripts: { ...manifest.scripts, ...more.scripts } },
    ...{ dependencies: versioned('dependencies'), devDependencies: versioned('devDependencies') },
  };
  writeFileSync(file, `${JSON.stringify({ ...whole, name }, undefined, 2)}\n`);
}

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function installIn(folder) {
  console.log('Installing what it needs …');
  const { status, error } = spawnSync('npm', ['install', '--no-fund', '--no-audit'], { cwd: folder, stdio: 'inherit' });
  if (error !== undefined || status !== 0)
    throw new Error(`"npm install" failed in ${folder}: run it there again, everything else is done`);
}

function sayWhatNext(folder, { aws, install }) {
  const place = relative(process.cwd(), folder);
  const steps = [
    ...(place === '' ? [] : [`cd ${place}`]),
    ...(install ? [] : ['npm install']),
    'npm test             # the module and the executor, with time that moves when told',
    'npm start            # the engine, on http://127.0.0.1:4150; it keeps running',
    ...(aws ? ['npx cdk deploy --all # the same on AWS; README.md says what to set first'] : []),
  ];
  console.log(
    `\n${basename(folder)} is ready.\n\n${steps.map((step) => `  ${step}`).join('\n')}\n\nREADME.md goes on from there.`,
  );
}
