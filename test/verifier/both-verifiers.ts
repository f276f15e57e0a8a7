/**
 * Set up before the tamper suites when `npm run test:verifier` runs them: every folder they have verified is verified in
 * full by docs/verifier.py as well, and in the mode they asked for, and a test fails where the two do not name the same.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, vi } from 'vitest';
import type { EpochMs } from '../../core/brands/index.ts';
import type * as Embedded from '../../adapters/embedded/index.ts';
import type { VerifyDataDirOptions, VerifyExportOptions } from '../../adapters/embedded/index.ts';
import { formatVerifierKey } from '../../core/ledger/index.ts';
import { areBothBad, disagreement, type OurAnswer } from './compare.ts';
import { PythonVerifier, type PythonRequest } from './python-verifier.ts';
import { checked } from '../support/checked.ts';

let started: Promise<PythonVerifier> | undefined;
const python = (): Promise<PythonVerifier> => (started ??= PythonVerifier.start());
afterAll(async () => (await started)?.stop());

vi.mock('../../adapters/embedded/index.ts', async (importOriginal) => {
  const original = await importOriginal<typeof Embedded>();
  return {
    ...original,
    verifyDataDir: async (dir: string, options: VerifyDataDirOptions = {}) => {
      const { scope, entity, signatures, now = Date.now(), ...rest } = options;
      const report = await original.verifyDataDir(dir, options);
      const isFull = (scope ?? { mode: 'full' }).mode === 'full' && entity === undefined && signatures !== false;
      const full =
        isFull && options.now === now ? report : original.verifyDataDir(dir, { ...rest, now: checked<EpochMs>(now) });
      const { root, anchorsDir: anchors, remembered, requireAnchored, maxAgeMinutes } = rest;
      const request = {
        path: dir,
        vkeys: root === undefined ? [] : [formatVerifierKey(root.name, root.publicKey)],
        ...{ anchors, requireAnchored, maxAgeMinutes, now },
        remembered: base64(remembered),
      };
      await compare(full, request);
      const part = partOf(options);
      if (part !== undefined)
        await compare(original.verifyDataDir(dir, { ...rest, ...part.ours, now: checked<EpochMs>(now) }), {
          ...request,
          ...part.theirs,
        });
      return report;
    },
    verifyExport: async (folder: string, options: VerifyExportOptions) => {
      const { signatures, ...rest } = options;
      const asked = original.verifyExport(folder, options);
      const full = signatures === false ? original.verifyExport(folder, rest) : asked;
      const { verifierKeys: vkeys, anchorsDir: anchors, anchorsUpTo, remembered } = rest;
      await compare(full, { path: folder, vkeys, anchors, anchorsUpTo, remembered: base64(remembered) });
      return await asked;
    },
  };
});

/** The parts that both can verify. */
function partOf({
  scope,
  entity: short,
}: VerifyDataDirOptions):
  { readonly ours: VerifyDataDirOptions; readonly theirs: Pick<PythonRequest, 'entity' | 'state'> } | undefined {
  if (scope?.mode === 'state') return { ours: { scope }, theirs: { state: true } };
  const entity = short ?? (scope?.mode === 'entity' ? scope.entity : undefined);
  return entity === undefined ? undefined : { ours: { entity }, theirs: { entity } };
}

async function compare(ours: OurAnswer | Promise<OurAnswer>, request: PythonRequest): Promise<void> {
  const answer: OurAnswer = await Promise.resolve(ours).catch((error: unknown) => ({ refused: String(error) }));
  const theirs = await (await python()).ask(request);
  const different = disagreement(answer, theirs);
  if (different === undefined || (areBothBad(answer, theirs) && isDamaged(request.path))) return;
  throw new Error(`docs/verifier.py does not agree:\n  ${different}`);
}

/** What can be read of a file that SQLite itself finds broken depends on its version and on the order of reading. */
function isDamaged(folder: string): boolean {
  const path = join(folder, 'ledger.db');
  if (!existsSync(path)) return false;
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'] !== 'ok';
  } catch {
    return true;
  } finally {
    db.close();
  }
}

function base64(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('base64');
}
