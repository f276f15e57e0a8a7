/** What a risk table may ask for together: the last that makes sense, and the first that does not, with the words that say so. */
import { describe, expect, it } from 'vitest';
import { riskSchema } from '../../../../core/changes/index.ts';

const rule = { name: 'any', when: { entity: [{ exists: true }] }, level: 'L1', roles: ['owner'], approvals: 1 };
const faults = (more: object, ...rules: object[]): string[] => {
  const parsed = riskSchema.safeParse({
    version: '1',
    decisionHours: 72,
    rules: rules.length === 0 ? [rule] : rules,
    ...more,
  });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('/')}: ${message}`);
};
const L0 = { ...rule, level: 'L0', approvals: 0, roles: [] };

it.each<[string, string[], RegExp[]]>([
  ['nobody for L0', faults({}, L0), []],
  ['an approval for L0', faults({}, { ...L0, approvals: 1 }), [/^rules\/0\/approvals: L0 means/]],
  ['a role for L0', faults({}, { ...L0, roles: ['owner'] }), [/^rules\/0\/approvals: L0 means/]],
  [
    'no approval for L1',
    faults({}, { ...rule, approvals: 0 }),
    [/^rules\/0\/approvals: L1 needs at least one approval/],
  ],
  ['no role for L1', faults({}, { ...rule, roles: [] }), [/^rules\/0\/roles: L1 needs at least one role/]],
  ['a name twice', faults({}, rule, { ...rule, level: 'L2' }), [/^rules\/1\/name: "any" appears twice/]],
  ['two names', faults({}, rule, { ...rule, name: 'other' }), []],
  ['a time lock up to the deadline', faults({}, { ...rule, timelockMinutes: 72 * 60 - 1 }), []],
  [
    'a time lock as long as the deadline',
    faults({}, { ...rule, timelockMinutes: 72 * 60 }),
    [/^rules\/0\/timelockMinutes: 4320 min pass the deadline of 72 h/],
  ],
  ['help a moment before the deadline', faults({ escalation: { afterHours: 71, roles: { owner: ['risk'] } } }), []],
  [
    'help at the deadline',
    faults({ escalation: { afterHours: 72, roles: { owner: ['risk'] } } }),
    [/^escalation\/afterHours: 72 h pass/],
  ],
])('%s', (_, found, expected) => {
  expect(found).toHaveLength(expected.length);
  expected.forEach((message, i) => expect(found[i]).toMatch(message));
});

it('reminds so often at most, and says how often it would', () => {
  const [fault, ...more] = faults({ decisionHours: 720, reminderHours: 1 });
  expect(more).toEqual([]);
  expect(fault).toMatch(/^reminderHours: would remind 720 times in 720 h: at most \d+$/);
  const most = Number(/at most (\d+)/.exec(fault ?? '')?.[1]);
  expect(faults({ decisionHours: most, reminderHours: 1 })).toEqual([]);
  expect(faults({ decisionHours: most + 1, reminderHours: 1 })).toHaveLength(1);
});

describe('reminders', () => {
  const problem = (decisionHours: number, reminderHours: number): string =>
    riskSchema
      .safeParse({ version: '1', rules: [], decisionHours, reminderHours })
      .error?.issues.map(({ message }) => message)
      .join() ?? '';

  it('are at most fifty, and more are counted', () => {
    expect([problem(50, 1), problem(100, 2)]).toEqual(['', '']);
    expect(problem(51, 1)).toBe('would remind 51 times in 51 h: at most 50');
    expect(problem(103, 2)).toBe('would remind 51 times in 103 h: at most 50');
    expect(problem(720, 7)).toBe('would remind 102 times in 720 h: at most 50');
  });
});
