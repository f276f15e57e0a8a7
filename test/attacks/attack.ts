/** The attack list of docs/approvals.md as tests: each row is one, named by its number. */
import { expect, it } from 'vitest';
import type { Changes, ChangeView } from '../../core/changes/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { contentsOf, decision, patchOf, proposal, who, type World } from '../core/changes/world.ts';

/** Numbers are those of the table in docs/approvals.md; a test there sees to it that none is missing. */
export function attack(row: number, what: string, test: () => Promise<void>): void {
  it(`attack ${String(row).padStart(2, '0')}: ${what}`, test);
}

/** The attempt is refused with this code, and nothing at all was written. */
export async function refused(world: World, code: string, attempt: () => Promise<unknown>): Promise<void> {
  const before = contentsOf(world.store);
  await expect(attempt()).rejects.toMatchObject({ code });
  expect(contentsOf(world.store)).toBe(before);
}

/** A pending change-set of L2: an owner and a risk person must approve it. */
export async function pending(world: World, by: Principal = who('pete'), path = '/balance'): Promise<ChangeView> {
  return (await world.changes.propose(by, proposal([patchOf(path, 10)]))).change;
}

/** The same, approved by both. */
export async function approved(world: World, by: Principal = who('pete')): Promise<ChangeView> {
  const view = await pending(world, by);
  await vote(world.changes, view, 'ann', 'rita');
  return view;
}

export async function vote(changes: Changes, view: ChangeView, ...accounts: readonly string[]): Promise<void> {
  for (const account of accounts) await changes.decide(who(account), view.id, decision(view));
}

/** How often operations of a change-set took effect. */
export async function effects(world: World, id: string): Promise<number> {
  const all = await world.chain();
  return all.filter(({ body }) => body.type === 'change.applied' && body.data['change'] === id).length;
}

export async function stateOf(world: World, id: string): Promise<string> {
  return (await world.record(id)).state;
}
