/** Where the public log and its anchors may be: in memory and in folders. In buckets: test/aws/log.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAnchorFolder } from '../../adapters/embedded/log/anchor-folder.ts';
import { createLogFolder } from '../../adapters/embedded/log/log-folder.ts';
import { MemoryLog } from '../../adapters/memory/index.ts';
import { describeAnchors, describeLogFiles } from './log-files.ts';

const folder = (): { readonly path: string; readonly close: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'nervous-log-'));
  return { path, close: () => rmSync(path, { recursive: true }) };
};

describeLogFiles('memory', () => ({ files: new MemoryLog().logFiles }), { shared: true });
describeLogFiles(
  'folder',
  () => {
    const { path, close } = folder();
    return { files: createLogFolder(path), close };
  },
  { shared: false },
);
describeAnchors('memory', () => ({ anchors: new MemoryLog().anchors }));
describeAnchors('folder', () => {
  const { path, close } = folder();
  return { anchors: createAnchorFolder(path), close };
});
