/** What `nervous executor test` runs: the sample executor on a fresh database for every check. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutorSubject } from '../../clients/sdk/index.ts';
import { LIMITS } from './limit-input.ts';
import { Limits } from './limits.ts';

export const subject: ExecutorSubject = {
  ...LIMITS,
  inputs: [
    { account: 'a', limit: 500 },
    { account: 'a', limit: 70 },
  ],
  invalidInputs: [{ account: 'a', limit: -1 }, { account: 'a' }, 'a', null],
  open: ({ rootKeys, now }) => {
    const folder = mkdtempSync(join(tmpdir(), 'limits-'));
    const file = join(folder, 'limits.db');
    let limits = new Limits(file, rootKeys, now);
    return {
      executor: limits.executor,
      observe: () => limits.all(),
      restart: () => {
        limits.close();
        limits = new Limits(file, rootKeys, now);
        return limits.executor;
      },
      close: () => {
        limits.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};
