/** The small company with people on call, and hands for what people do about a change-set beside voting. */
import { expect } from 'vitest';
import { canonicalize } from '../../../../core/canonical/index.ts';
import { foldChange, verifyState, type ChangeErrorCode, type ChangeView } from '../../../../core/changes/index.ts';
import { createPolicy, rosterSchema, type Policy, type Principal } from '../../../../core/policy/index.ts';
import {
  contentsOf,
  createFixture,
  decision,
  ENTITY,
  entriesOf,
  modules,
  nonce,
  patchOf,
  proposal,
  roster,
  who,
  type Fixture,
} from '../fixture.ts';

/** olga and otis are on call: they hold no role that approves, but may break the glass. */
export const onCallRoster = rosterSchema.parse({
  ...roster,
  roles: {
    ...roster.roles,
    oncall: { reads: ['account:*'], overrides: ['account:*'], proposes: ['account:*'] },
    stranger: {},
  },
  people: [
    ...roster.people,
    { personId: 'olga', name: 'Olga', accounts: ['olga', 'olga-mobile'], roles: ['oncall'] },
    { personId: 'otis', name: 'Otis', accounts: ['otis'], roles: ['oncall'] },
    { personId: 'zoe', name: 'Zoe', accounts: ['zoe'], roles: ['stranger'] },
  ],
});

export const onCallPolicy: Policy = createPolicy(onCallRoster, modules);

export function recordingFixture(options: Parameters<typeof createFixture>[0] = {}): Fixture {
  return createFixture({ ...options, deps: { policy: onCallPolicy, ...options.deps } });
}

export const by = (id: string): Principal => who(id, onCallRoster);

/** A pending change-set that needs an owner and a risk person: L2, soft. */
export async function pending(
  fixture: Fixture,
  operations: readonly unknown[] = [patchOf('/balance', 10)],
): Promise<ChangeView> {
  return (await fixture.changes.propose(by('pete'), proposal(operations))).change;
}

export async function vote(fixture: Fixture, view: ChangeView, ...people: readonly string[]): Promise<ChangeView> {
  for (const person of people) await fixture.changes.decide(by(person), view.id, decision(view));
  return fixture.changes.get(by('aud'), view.id);
}

export function overrideOf(view: ChangeView, more: object = {}): object {
  const { revision, contentHash, assessmentHash } = view;
  const why = { ticket: 'INC-7', reason: 'payments fail' };
  return { revision, contentHash, assessmentHash, nonce: nonce(), ...why, ...more };
}

/** It is refused with this code, and nothing at all was written. */
export async function refused(
  fixture: Fixture,
  code: ChangeErrorCode | 'FORBIDDEN',
  attempt: () => Promise<unknown>,
): Promise<void> {
  const before = contentsOf(fixture.store);
  await expect(attempt()).rejects.toMatchObject({ code });
  expect(contentsOf(fixture.store)).toBe(before);
}

/** Record = fold of its entries, store = what the chain leads to. */
export async function expectProven(fixture: Fixture, id: string): Promise<void> {
  const folded = foldChange(await entriesOf(fixture, id));
  expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(await fixture.record(id)));
  const { document, version, hash } = await fixture.changes.document(by('aud'), ENTITY);
  expect(verifyState(ENTITY, await fixture.chain())).toEqual({ kind: 'state', document, version, hash });
}

/** The store dies before or after the next write and stays dead until it is healed: the caller cannot know what was written. */
export class Outage {
  readonly hooks = {
    before: (): void => {
      if (this.dead || this.moment === 'before') this.die();
    },
    after: (): void => {
      if (this.moment === 'after') this.die();
    },
  };
  private moment: 'before' | 'after' | undefined;
  private dead = false;

  /** Runs what fails when nothing was written, and may find out that something was; then brings the store back. */
  async during(moment: 'before' | 'after', act: () => Promise<unknown>): Promise<void> {
    this.moment = moment;
    if (moment === 'before') await expect(act()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    else await act();
    expect(this.dead).toBe(true);
    this.dead = false;
  }

  private die(): never {
    this.moment = undefined;
    this.dead = true;
    throw new Error('the store died');
  }
}
