/** A file reaches the disk by its descriptor, whatever stands in front of the file system. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toDisk } from '../../../../adapters/embedded/machine/durable-files.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nervous-durable-'));
});
afterAll(() => rm(folder, { recursive: true }));

it("asks nothing of a handle that the one of Plug'n'Play refuses", async () => {
  const file = await open(join(folder, 'file'), 'w');
  file.sync = () => {
    throw new Error('Method not implemented.');
  };
  await expect(toDisk(file)).resolves.toBeUndefined();
  await file.close();
});

it('fails when the file does not reach the disk', async () => {
  const file = await open(join(folder, 'closed'), 'w');
  await file.close();
  await expect(toDisk(file)).rejects.toThrow();
});
