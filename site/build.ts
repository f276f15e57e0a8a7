/**
 * `npm run docs`: docs/ as a site in `dist/site`, with the reference of what the packages export, OpenAPI, AsyncAPI, a search that
 * needs no server, and llms.txt. Installs what it is built with on the first run. ADR 0034
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAsyncApiDocument } from '../api/asyncapi.ts';
import { ROUTES } from '../api/index.ts';
import { createOpenApiDocument } from '../api/openapi.ts';
import { config } from '../nervous.config.ts';
import { scriptOptions } from '../test/support/script-options.ts';
import { asyncApiPage, type AsyncApi } from './asyncapi-page.ts';
import { writeForAgents } from './llms.ts';
import { openApiPage, type OpenApiDocument } from './openapi-page.ts';
import { stagePages } from './pages.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '..');
/** The site's source: what is in the repository, and what is made of it. */
const PAGES = join(HERE, '.pages');
export const SITE = join(ROOT, 'dist/site');
const MODULES = ['index', 'config', 'sdk', 'engine', 'testing'];
const AWS_MODULES = ['index', 'executor'];

export function buildSite(): void {
  installTools();
  for (const folder of [PAGES, SITE]) rmSync(folder, { recursive: true, force: true });
  stagePages(ROOT, PAGES);
  writeContracts();
  writeExports();
  run('vitepress', ['build', HERE]);
  writeForAgents(ROOT, PAGES, SITE);
}

/** Apart from the project's own dependencies, which everybody installs. */
function installTools(): void {
  const wanted = createHash('sha256')
    .update(readFileSync(join(HERE, 'package-lock.json')))
    .digest('hex');
  const installed = join(HERE, 'node_modules/.installed');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return;
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(installed, wanted);
}

function writeContracts(): void {
  const documents = { openapi: createOpenApiDocument(ROUTES), asyncapi: createAsyncApiDocument(config) };
  mkdirSync(join(PAGES, 'public'), { recursive: true });
  for (const [name, document] of Object.entries(documents))
    writeFileSync(join(PAGES, 'public', `${name}.json`), `${JSON.stringify(document, undefined, 2)}\n`);
  writeFileSync(join(PAGES, 'openapi.md'), openApiPage(documents.openapi as OpenApiDocument));
  writeFileSync(join(PAGES, 'asyncapi.md'), asyncApiPage(documents.asyncapi as unknown as AsyncApi));
}

/** A page for each module that the packages export, out of its types and their comments. */
function writeExports(): void {
  const entries = MODULES.map((name) => join(ROOT, 'packages/nervous-system', `${name}.ts`));
  const flags = [
    'disableSources',
    'hideBreadcrumbs',
    'useHTMLAnchors',
    'hidePageHeader',
    'sanitizeComments',
    'excludePrivate',
    'excludeInternal',
    'excludeExternals',
    'skipErrorChecking',
  ];
  const options = {
    tsconfig: join(ROOT, 'tsconfig.json'),
    readme: 'none',
    plugin: 'typedoc-plugin-markdown',
    entryFileName: 'index',
    outputFileStrategy: 'modules',
    logLevel: 'Error',
    githubPages: 'false',
  };
  run('typedoc', [
    ...entries,
    ...AWS_MODULES.map((name) => join(ROOT, 'packages/nervous-system-aws', `${name}.ts`)),
    ...flags.map((flag) => `--${flag}`),
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ...['--out', join(PAGES, 'api'), '--name', 'Exports of the packages'],
  ]);
}

function run(tool: string, args: readonly string[]): void {
  execFileSync(join(HERE, 'node_modules/.bin', tool), args, { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'] });
}

if (import.meta.main) {
  scriptOptions('npm run docs: builds the documentation as a site in dist/site; takes no options', {});
  buildSite();
  console.log(SITE);
}
