/** Where a reader of the pages stands: a folder that looks like a clone, on a machine whose ports and folders are free. */
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { REPOSITORY, type Page } from './pages.ts';

/** Ports that the pages name; each run takes free ones in their place. */
const PORTS = ['4150', '4160'];
/** Commands that listen on such a port without being told to. */
const LISTENING: Readonly<Record<string, string>> = { 'nervous dev': '4150', 'nervous witness': '4160' };
/** Folders of the reader's machine that the pages name. */
const PLACES = ['/mnt/worm/', '/worm/', '/safe/'];
/** Left where it is: what a clone does not have, and what the shell or the pages write. */
const NOT_LINKED = new Set(['.git', '.cache', '.data', 'catalog.json', 'nervous.config.ts']);

/** A clone: the repository's files, and copies of those that a page writes. Named TypeScript blocks are files of the page. */
export function layOut(folder: string, page: Page, put: (text: string) => string): void {
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
export async function substitutes(folder: string): Promise<(text: string) => string> {
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
