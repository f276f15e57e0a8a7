/** What the public log's files and anchors promise, wherever they are kept, as tests. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnchorStore, LogFiles } from '../../core/ledger/index.ts';

export interface OpenLogFiles {
  readonly files: LogFiles;
  readonly close?: () => void | Promise<void>;
}
export interface OpenAnchors {
  readonly anchors: AnchorStore;
  readonly close?: () => void | Promise<void>;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (found: Uint8Array | undefined): string | undefined =>
  found === undefined ? undefined : Buffer.from(found).toString();

/** @param options.shared several writers at a time are part of the promise */
export function describeLogFiles(
  name: string,
  opens: () => OpenLogFiles | Promise<OpenLogFiles>,
  { shared }: { readonly shared: boolean },
): void {
  describe(`files of the log: ${name}`, () => {
    let open: OpenLogFiles;
    beforeEach(async () => void (open = await opens()));
    afterEach(() => open.close?.());

    it('reads what was written, whole, and nothing where nothing was', async () => {
      const { files } = open;
      expect(await files.read('tile/0/000')).toBeUndefined();
      await files.write('tile/0/000', bytes('one'));
      await files.write('tile/0/000', bytes('2'));
      await files.write('tile/entries/x001/234', Buffer.alloc(100_000, 7));
      expect(text(await files.read('tile/0/000'))).toBe('2');
      expect(Buffer.from((await files.read('tile/entries/x001/234')) ?? []).equals(Buffer.alloc(100_000, 7))).toBe(
        true,
      );
      expect(await files.read('tile/0')).toBeUndefined();
      expect(await files.read('checkpoint')).toBeUndefined();
    });

    it('replaces the checkpoint only if it is what the publisher believes', async () => {
      const { files } = open;
      expect(await files.replaceCheckpoint(bytes('b'), bytes('a'))).toBe(false);
      expect(await files.read('checkpoint')).toBeUndefined();
      expect(await files.replaceCheckpoint(bytes('a'), undefined)).toBe(true);
      expect(await files.replaceCheckpoint(bytes('b'), undefined)).toBe(false);
      expect(await files.replaceCheckpoint(bytes('b'), bytes('x'))).toBe(false);
      expect(text(await files.read('checkpoint'))).toBe('a');
      expect(await files.replaceCheckpoint(bytes('b'), bytes('a'))).toBe(true);
      expect(text(await files.read('checkpoint'))).toBe('b');
    });

    if (shared)
      it('lets one of many publishers replace the checkpoint', async () => {
        const { files } = open;
        for (const before of [undefined, 'x']) {
          if (before !== undefined) await files.replaceCheckpoint(bytes(before), await files.read('checkpoint'));
          const all = Array.from({ length: 8 }, (_, i) => `${before ?? ''}${i}`);
          const answers = await Promise.all(
            all.map((note) => files.replaceCheckpoint(bytes(note), before === undefined ? undefined : bytes(before))),
          );
          expect(answers.filter(Boolean)).toHaveLength(1);
          expect(text(await files.read('checkpoint'))).toBe(all[answers.indexOf(true)]);
        }
      });

    it('removes the parts of one full tile, and nothing else', async () => {
      const { files } = open;
      const kept = ['tile/0/000', 'tile/0/001.p/3', 'tile/entries/000.p/3', 'tile/0/x000/000.p/3'];
      for (const path of [...kept, 'tile/0/000.p/3', 'tile/0/000.p/255']) await files.write(path, bytes(path));
      await files.removePartials('tile/0/000');
      await files.removePartials('tile/0/000');
      for (const path of kept) expect(text(await files.read(path)), path).toBe(path);
      expect(await files.read('tile/0/000.p/3')).toBeUndefined();
      expect(await files.read('tile/0/000.p/255')).toBeUndefined();
    });
  });
}

export function describeAnchors(name: string, opens: () => OpenAnchors | Promise<OpenAnchors>): void {
  describe(`anchors: ${name}`, () => {
    let open: OpenAnchors;
    beforeEach(async () => void (open = await opens()));
    afterEach(() => open.close?.());

    it('keeps what was put first', async () => {
      const { anchors } = open;
      expect(await anchors.read(7)).toBeUndefined();
      expect(await anchors.put(7, bytes('first'))).toBe('stored');
      expect(await anchors.put(7, bytes('second'))).toBe('exists');
      expect(text(await anchors.read(7))).toBe('first');
    });

    it('lets one of many put an anchor', async () => {
      const { anchors } = open;
      const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => anchors.put(0, bytes(`${i}`))));
      expect(answers.filter((answer) => answer === 'stored')).toHaveLength(1);
      expect(text(await anchors.read(0))).toBe(String(answers.indexOf('stored')));
    });

    it('lists sizes as numbers in order, and knows the newest', async () => {
      const { anchors } = open;
      expect(await anchors.newest()).toBeUndefined();
      expect(await anchors.sizes(-1, 10)).toEqual([]);
      const sizes = [0, 9, 10, 99, 100, 4_294_967_296, Number.MAX_SAFE_INTEGER];
      for (const size of sizes.toReversed()) await anchors.put(size, bytes(`${size}`));
      expect(await anchors.newest()).toBe(Number.MAX_SAFE_INTEGER);
      expect(await anchors.sizes(-1, 100)).toEqual(sizes);
      expect(await anchors.sizes(9, 3)).toEqual([10, 99, 100]);
      expect(await anchors.sizes(50, 1)).toEqual([99]);
      expect(await anchors.sizes(Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
    });

    it('knows the newest of many, as they become more', async () => {
      const { anchors } = open;
      for (let from = 0; from < 600; from += 200) {
        await Promise.all(Array.from({ length: 200 }, (_, i) => anchors.put((from + i) * 3, bytes('x'))));
        expect(await anchors.newest()).toBe((from + 199) * 3);
      }
      expect(await anchors.sizes(-1, 1_000)).toHaveLength(600);
    });
  });
}
