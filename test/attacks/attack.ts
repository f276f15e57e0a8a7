/** The attack list of docs/approvals.md as tests: each row is one, named by its number. */
import { expect, it } from 'vitest';
import type { Changes, ChangeView } from '../../core/changes/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { contentsOf, decision, patchOf, proposal, who, type Fixture } from '../core/changes/fixture.ts';

/** Numbers are those of the table in docs/approvals.md; a test there sees to it that none is missing. */
export function attack(row: number, what: string, test: () => Promise<void>): void {
  it(`attack ${String(row).padStart(2, '0')}: ${what}`, test);
}

/** The attempt is refused with this code, and nothing at all was written. */
export async function refused(fixture: Fixture, code: string, attempt: () => Promise<unknown>): Promise<void> {
  const before = contentsOf(fixture.store);
  await expect(attempt()).rejects.toMatchObject({ code });
  expect(contentsOf(fixture.store)).toBe(before);
}

/** A pending change-set of L2: an owner and a risk person must approve it. */
export async function pending(fixture: Fixture, by: Principal = who('pete'), path = '/balance'): Promise<ChangeView> {
  return (await fixture.changes.propose(by, proposal([patchOf(path, 10)]))).change;
}

/** The same, approved by both. */
export async function approved(fixture: Fixture, by: Principal = who('pete')): Promise<ChangeView> {
  const view = await pending(fixture, by);
  await vote(fixture.changes, view, 'ann', 'rita');
  return view;
}

export async function vote(changes: Changes, view: ChangeView, ...accounts: readonly string[]): Promise<void> {
  for (const account of accounts) await changes.decide(who(account), view.id, decision(view));
}

/** How often operations of a change-set took effect. */
export async function effects(fixture: Fixture, id: string): Promise<number> {
  const all = await fixture.chain();
  return all.filter(({ body }) => body.type === 'change.applied' && body.data['change'] === id).length;
}

export async function stateOf(fixture: Fixture, id: string): Promise<string> {
  return (await fixture.record(id)).state;
}
