/** What a browser has to load, and that the same sources make the same files. The limits are figures of ADR and page, held here. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readConsoleFiles } from '../../adapters/embedded/http/console-files.ts';
import { buildConsole } from '../../console/build.ts';

/** Of JavaScript and CSS together, compressed: everything, since there is one bundle. */
const MAX_BYTES = 61_440;

const built = join(import.meta.dirname, '../../dist/console');

it('weighs at most 60 KiB, compressed, all of it', () => {
  const sizes = readdirSync(built)
    .filter((name) => /\.(?:js|css)$/.test(name))
    .map((name) => gzipSync(readFileSync(join(built, name)), { level: 9 }).length);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  process.stdout.write(`the console: ${bytes} bytes of JavaScript and CSS, compressed\n`);
  expect(sizes).toHaveLength(2);
  expect(bytes).toBeLessThan(MAX_BYTES);
});

it('is the same bytes whenever it is built', async () => {
  const again = mkdtempSync(join(tmpdir(), 'nervous-console-built-'));
  await buildConsole(again);
  const bytesIn = (folder: string): readonly (readonly [string, string])[] =>
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')] as const);
  expect(bytesIn(again)).toEqual(bytesIn(built));
  rmSync(again, { recursive: true });
});

it('is kept for ever where the name holds the hash of the bytes, and nowhere else', () => {
  const files = [...readConsoleFiles(new URL(`file://${built}/`))];
  const kept = files.filter(([, { isImmutable }]) => isImmutable).map(([name]) => name.replace(/-[^.]+/, ''));
  expect(kept.sort()).toEqual(['main.js', 'style.css']);
});

it('names no other host and makes no markup from text', () => {
  const text = readdirSync(built)
    .filter((name) => /\.(?:js|css|html)$/.test(name))
    .map((name) => readFileSync(join(built, name), 'utf8'))
    .join('\n');
  const hosts = [...text.matchAll(/https?:\/\/([a-z0-9.-]+)/g)].map(([, host]) => host);
  expect(hosts.filter((host) => host !== 'www.w3.org')).toEqual([]); // XML namespaces, which nobody asks for
  expect(text).not.toMatch(/\beval\(|new Function\(|document\.write/);
});
