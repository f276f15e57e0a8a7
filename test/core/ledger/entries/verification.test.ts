/** What a finding about the log names. */
import { expect, it } from 'vitest';
import type { EpochMs } from '../../../../core/brands/index.ts';
import { logFinding, THE_LOG } from '../../../../core/ledger/entries/verification.ts';
import { trustedPoint } from '../../../../core/ledger/verify/verify-points.ts';
import { checked } from '../../../support/checked.ts';

it('names index and file where it has them, and nothing where it has not', () => {
  const bare = { verdict: 'FORK', entity: THE_LOG, seq: 0, detail: 'x' };
  expect(logFinding('FORK', 'x')).toStrictEqual(bare);
  expect(logFinding('FORK', 'x', { position: 0 })).toStrictEqual({ ...bare, position: 0 });
  expect(logFinding('FORK', 'x', { path: 'checkpoint' })).toStrictEqual({ ...bare, path: 'checkpoint' });
});

it('tells of a trusted point when it was made, and how many anchors it stands for', () => {
  const point = { kind: 'anchor', checkpoint: { size: 3, root: new Uint8Array(32) }, by: 'root' } as const;
  const told = { kind: 'anchor', size: 3, root: Buffer.alloc(32).toString('base64'), by: 'root' };
  expect(trustedPoint(point)).toStrictEqual(told);
  expect(trustedPoint(point, 0)).toStrictEqual({ ...told, count: 0 });
  expect(trustedPoint({ ...point, time: checked<EpochMs>(0) }, 2)).toStrictEqual({
    ...told,
    at: '1970-01-01T00:00:00.000Z',
    count: 2,
  });
});
