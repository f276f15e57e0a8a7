/** The entries that the rows of a lake carry, in the order of the log. That nothing is left out and all is as it was written, is checked. */
import { LAKE_FILE, parseLake } from './layout.ts';
import { LakeError } from './errors.ts';
import type { LakeToVerify } from './verify-lake.ts';
import { checkManifest, openManifest, readRows, takeInventory, wrong, Wrong } from './read-lake.ts';

/** Nothing is said of who signed them: `lake verify` does. @throws LakeError LAKE_INVALID with the file that is wrong */
export async function* readLakeEntries({
  files,
  table,
}: Pick<LakeToVerify, 'files' | 'table'>): AsyncGenerator<{ readonly position: number; readonly note: Uint8Array }> {
  const file = await files.read(LAKE_FILE);
  if (file === undefined)
    throw new LakeError({ code: 'LAKE_INVALID', message: `there is no ${LAKE_FILE}: name the folder of a lake` });
  const lake = parseLake(file);
  try {
    let end = 0;
    for (const path of (await takeInventory(files)).manifests) {
      const manifest = await openManifest(files, path);
      await checkManifest(files, { manifest, path, lake, end });
      const rows = await readRows({ files, table }, { manifest, path, lake }, (finding) => {
        throw finding;
      });
      for (let position = manifest.from; position < manifest.to; position += 1) {
        const note = rows.get(position)?.event['raw_data'];
        if (typeof note !== 'string') throw wrong('MISSING_ENTRY', 'it is in no file of its range', { path, position });
        yield { position, note: Buffer.from(note) };
      }
      end = manifest.to;
    }
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const { detail, path } = error.finding;
    throw new LakeError({
      code: 'LAKE_INVALID',
      message: `${path ?? 'the lake'}: ${detail}: run "nervous lake verify"`,
    });
  }
}
