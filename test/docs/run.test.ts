/**
 * Docs that cannot drift: the shell blocks of every page do what the page says, pasted one after the other into one shell, in a
 * folder that looks like a clone, against a real engine. A block that is not run says why, in sight of the reader.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pages, REPOSITORY, type Page } from './pages.ts';
import { commandsOf, runCommands, type Command } from './shell.ts';

/** Ports that the pages name; each run takes free ones in their place. */
const PORTS = ['4150', '4160'];
/** Commands that listen on such a port without being told to. */
const LISTENING: Readonly<Record<string, string>> = { 'nervous dev': '4150', 'nervous witness': '4160' };
/** Folders of the reader's machine that the pages name. */
const PLACES = ['/mnt/worm/', '/worm/', '/safe/'];
/** Left where it is: what a clone does not have, and what the shell or the pages write. */
const NOT_LINKED = new Set(['.git', '.cache', '.data', 'catalog.json', 'nervous.config.ts']);

const ENGINE = `npx nervous dev --port 4150 --data .data # keeps running`;
const EIGHT_EVENTS = `TOKEN=$(npx nervous token bank-feed --data .data)
for i in 0 1 2 3 4 5 6 7; do ns $URL/v1/events -d '{"topic":"transactions.new","eventId":"e-'$i'","entityId":"account:1695","payload":{"amount":"1.00","kind":"credit"}}'; done`;

const ALL = pages();
const scratch = mkdtempSync(join(tmpdir(), 'nervous-docs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What a page takes for granted, in its own words: an engine that runs (with the shortcuts of http.md), a ledger, a copy of one. */
const BEFORE: Readonly<Record<string, () => string>> = {
  'docs/approvals.md': () => `${ENGINE}\n${limitFile()}`,
  'docs/auditing.md': () => `${ENGINE}\n${shortcuts()}\n${EIGHT_EVENTS}
npx nervous backup copy --data .data && cp copy/root.vkey . && mkdir -p /mnt/worm && cp -r copy/anchors /mnt/worm/`,
  'docs/embedded.md': () => ledger(),
  'docs/events.md': () => `${ENGINE}\n${shortcuts()}`,
  'docs/feed.md': () => `${ENGINE}\n${shortcuts()}\n${EIGHT_EVENTS}`,
  'docs/governance.md': () => `${ENGINE}\n${limitFile()}
sed -i "s/^      { personId: 'olga'/      { personId: 'zoe', name: 'Zoe Malik', accounts: ['zoe'], roles: ['risk'] },\\n&/" nervous.config.ts`,
  'docs/http.md': () => ENGINE,
  'docs/keys.md': () => ledger(),
  'docs/map.md': () => ENGINE,
  'docs/protection.md': () => ENGINE,
  'docs/recovery.md': () => `${ledger()}
mkdir -p /safe /worm && cp .data/root.key /safe/ && cp .data/root.vkey . && cp -r .data/anchors /worm/`,
  'docs/subscriptions.md': () => `${ENGINE}\n${shortcuts()}`,
};

/** The first block of docs/http.md: $URL, $TOKEN, `ns` and more. */
function shortcuts(): string {
  return shellOf(pageAt('docs/http.md'))[0]?.text ?? '';
}

/** The change-set that README proposes. */
function limitFile(): string {
  const [file = ''] = /^cat > limit.json[^]*?^JSON$/m.exec(pageAt('README.md').text) ?? [];
  return file;
}

/** A data folder whose engine has stopped. */
function ledger(): string {
  return 'npx nervous dev --port 4150 --data .data # until Ctrl-C';
}

describe.concurrent('the commands of', () => {
  const withShell = ALL.filter((page) => shellOf(page).some(({ notRun }) => notRun === undefined));
  it.each(withShell.map((page) => [page.path, page] as const))('U13: %s do what it says', async (path, page) => {
    const folder = join(scratch, path.replaceAll(/\W/g, '-'));
    const put = await substitutes(folder);
    layOut(folder, page, put);
    const before = commandsOf(put(BEFORE[path]?.() ?? ''), 0);
    const own = shellOf(page).flatMap((block) => (block.notRun === undefined ? commandsIn(put(block.text), block.line) : []));
    const env = { NODE_COMPILE_CACHE: join(scratch, 'compiled') };
    expect(await runCommands([...before, ...own], { folder, env })).toEqual([]);
  });
});

describe('a block of shell', () => {
  const all = ALL.flatMap((page) => page.blocks.map((block) => ({ at: `${page.path}:${block.line}`, ...block })));

  it('is called sh, so that it is run', () => {
    const hidden = all.filter(({ language, text }) => language !== 'sh' && /^\s*(?:\$ |npx |npm |curl )/m.test(text));
    expect(hidden.map(({ at }) => at)).toEqual([]);
  });

  it('that is not run gives a reason', () => {
    const reasons = all.flatMap(({ language, notRun }) => (language === 'sh' && notRun !== undefined ? [notRun] : []));
    expect(reasons.filter((reason) => !/^[a-z`].{20,}/.test(reason))).toEqual([]);
    expect(reasons.length).toBeLessThan(all.filter(({ language }) => language === 'sh').length / 4);
  });
});

function pageAt(path: string): Page {
  const page = ALL.find((one) => one.path === path);
  if (page === undefined) throw new Error(`there is no ${path}`);
  return page;
}

function shellOf(page: Page): Page['blocks'] {
  return page.blocks.filter(({ language }) => language === 'sh');
}

/** @param fence line of the opening fence */
function commandsIn(text: string, fence: number): Command[] {
  return commandsOf(text, fence + 1);
}

/** A clone: the repository's files, and copies of those that a page writes. Named TypeScript blocks are files of the page. */
function layOut(folder: string, page: Page, put: (text: string) => string): void {
  mkdirSync(folder);
  for (const name of readdirSync(REPOSITORY))
    if (!NOT_LINKED.has(name)) symlinkSync(join(REPOSITORY, name), join(folder, name));
  for (const name of ['catalog.json', 'nervous.config.ts']) cpSync(join(REPOSITORY, name), join(folder, name));
  for (const { language, info, text } of page.blocks) {
    if (language !== 'ts' || info === '') continue;
    rmSync(join(folder, info), { force: true });
    writeFileSync(join(folder, info), put(text));
  }
}

/** Free ports in the place of the page's, and folders in `folder` in that of the reader's. */
async function substitutes(folder: string): Promise<(text: string) => string> {
  const free = await Promise.all(PORTS.map(freePort));
  return (text) => {
    const told = Object.entries(LISTENING).reduce(
      (out, [command, port]) => out.replaceAll(new RegExp(`${command}(?!.* --port)`, 'g'), `${command} --port ${port}`),
      text,
    );
    const withPorts = PORTS.reduce((out, port, i) => out.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), free[i] ?? port), told);
    return PLACES.reduce((out, place) => out.replaceAll(new RegExp(`(?<=[ =])${place}?`, 'g'), join(folder, place)), withPorts);
  };
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
