/**
 * Docs that cannot drift: the shell blocks of every page do what the page says, pasted one after the other into one shell, in a
 * folder that looks like a clone, against a real engine. A block that is not run says why, in sight of the reader.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { layOut, substitutes } from './clone.ts';
import { pageAt, pages, REPOSITORY, TYPED_OUTSIDE, type Page } from './pages.ts';
import { commandsOf, runCommands, type Command } from './shell.ts';

const ENGINE = `npx nervous dev --port 4150 --data .data # keeps running`;
const EIGHT_EVENTS = `TOKEN=$(npx nervous token bank-feed --data .data)
for i in 0 1 2 3 4 5 6 7; do ns $URL/v1/events -d '{"topic":"transactions.new","eventId":"e-'$i'","entityId":"account:1695","payload":{"amount":"1.00","kind":"credit"}}'; done`;
/** The log is published within a second of being recorded; a copy made before has entries that no anchor covers. */
const UNTIL_ANCHORED = `until npx nervous verify full --data .data --require-anchored > /dev/null; do sleep 0.2; done`;

const ALL = pages();
const scratch = mkdtempSync(join(tmpdir(), 'nervous-docs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What a page takes for granted, in its own words: an engine that runs (with the shortcuts of http.md), a ledger, a copy of one. */
const BEFORE: Readonly<Record<string, () => string>> = {
  'docs/approvals.md': () => `${ENGINE}\n${limitFile()}`,
  'docs/auditing.md': () => `${ENGINE}\n${shortcuts()}\n${EIGHT_EVENTS}
${UNTIL_ANCHORED}
npx nervous backup copy --data .data && cp copy/root.vkey . && mkdir -p /mnt/worm && cp -r copy/anchors /mnt/worm/`,
  'docs/console.md': () => ENGINE,
  'docs/embedded.md': () => ledger(),
  'docs/events.md': () => `${ENGINE}\n${shortcuts()}`,
  'docs/feed.md': () => `${ENGINE}\n${shortcuts()}\n${EIGHT_EVENTS}`,
  'docs/governance.md': () => `${ENGINE}\n${limitFile()}
sed -i "s/^      { personId: 'olga'/      { personId: 'zoe', name: 'Zoe Malik', accounts: ['zoe'], roles: ['risk'] },\\n&/" nervous.config.ts`,
  'docs/http.md': () => ENGINE,
  'docs/keys.md': () => ledger(),
  'docs/protection.md': () => ENGINE,
  'docs/recovery.md': () => `${ledger()}
mkdir -p /safe /worm && cp .data/root.key /safe/ && cp .data/root.vkey . && cp -r .data/anchors /worm/`,
  'docs/work.md': () => ENGINE,
  'docs/notices.md': () => `${ENGINE}\n${shortcuts()}`,
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
  const inClone = ALL.filter(({ path }) => !(path in TYPED_OUTSIDE));
  const withShell = inClone.filter((page) => shellOf(page).some(({ notRun }) => notRun === undefined));
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

describe('a page that is typed elsewhere', () => {
  it.each(Object.entries(TYPED_OUTSIDE))('%s is what %s types', (path, test) => {
    expect(readFileSync(join(REPOSITORY, test), 'utf8')).toContain(`pageAt('${path}')`);
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

function shellOf(page: Page): Page['blocks'] {
  return page.blocks.filter(({ language }) => language === 'sh');
}

/** @param fence line of the opening fence */
function commandsIn(text: string, fence: number): Command[] {
  return commandsOf(text, fence + 1);
}
