/** What came after a decision is shown where there is something, and is no field where there is nothing. */
import { expect, it } from 'vitest';
import type { ChangeRecord } from '../../../../core/changes/model/record.ts';
import { viewPostExecution } from '../../../../core/changes/views/view-post-execution.ts';

const record = (content: object, more: object = {}): ChangeRecord => ({ content, ...more }) as unknown as ChangeRecord;

it('shows what it reverts and what it follows, each by itself', () => {
  expect(viewPostExecution(record({}))).toEqual({});
  expect(viewPostExecution(record({ reverts: 'c1' }))).toEqual({ reverts: 'c1' });
  expect(viewPostExecution(record({ supersedes: 'c2' }))).toEqual({ supersedes: 'c2' });
});

it('shows who overrode it and why, and nothing that is kept besides', () => {
  const override = { personId: 'olga', account: 'olga-1', ticket: 'INC-7', reason: 'urgent' };
  expect(viewPostExecution(record({}, { override: { ...override, step: 'h' } }))).toEqual({ override });
});
