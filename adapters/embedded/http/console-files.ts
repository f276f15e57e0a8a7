/** The built console, read once: names, bytes and types. What has the hash of its bytes in its name may be kept for ever. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

export interface ConsoleFile {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly isImmutable: boolean;
}

export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};
/** As console/build.ts names them: `main-0123456789abcdef.js`. */
const HASHED = /-[0-9a-f]{16}\.[a-z]+$/;

/** Empty: nothing was built there. */
export function readConsoleFiles(folder: URL): ConsoleFiles {
  if (!existsSync(folder)) return new Map();
  return new Map(
    readdirSync(folder).flatMap((name): [string, ConsoleFile][] => {
      const type = TYPES[extname(name)];
      if (type === undefined) return [];
      return [[name, { bytes: readFileSync(new URL(name, folder)), type, isImmutable: HASHED.test(name) }]];
    }),
  );
}
