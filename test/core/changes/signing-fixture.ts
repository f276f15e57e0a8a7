/** The company whose rules ask for signatures: each person of it with a key, and their decisions signed. */
import { createHash } from 'node:crypto';
import type { Assertion, AssertionDemand, Signers } from '../../../core/assertions/index.ts';
import { decisionChallenge, type ChangeView } from '../../../core/changes/index.ts';
import type { AssessmentHash, PersonId } from '../../../core/brands/index.ts';
import { passkeyOf, plainKeyOf, WEBAUTHN, type Parts, type SoftKey } from '../../support/authenticator.ts';
import { checked } from '../../support/checked.ts';
import { nonce } from './fixture.ts';
import { createGovernanceFixture, RISK, ROSTER, who, type GovernanceFixture } from './governance-fixture.ts';

/** ann, rita and sam have passkeys, of ES256 and Ed25519; the others plain keys. */
export const KEYS: Readonly<Record<string, SoftKey>> = Object.fromEntries(
  ROSTER.people.map(({ personId }) => [personId, keyFor(personId)]),
);

function keyFor(personId: string): SoftKey {
  if (personId === 'ann' || personId === 'sam') return passkeyOf(personId);
  return personId === 'rita' ? passkeyOf(personId, { algorithm: 'Ed25519' }) : plainKeyOf(personId);
}

export const SIGNERS: Signers = {
  webauthn: WEBAUTHN,
  credentials: Object.values(KEYS).map(({ credential }) => credential),
};

export function demanding(assertion: AssertionDemand): object {
  const [any, ...others] = RISK.rules;
  return { ...RISK, rules: [{ ...any, assertion }, ...others] };
}

type Kept = Parameters<typeof createGovernanceFixture> extends [unknown?, ...infer Rest] ? Rest : never;

export function createSigningFixture(
  demand: AssertionDemand = 'signed',
  signers = SIGNERS,
  ...on: Kept
): GovernanceFixture {
  return createGovernanceFixture({ risk: demanding(demand), signers }, ...on);
}

export interface Signing {
  readonly kind?: 'approve' | 'reject' | 'request-changes' | 'override';
  /** whose decision it is; default: of who signs */
  readonly personId?: string;
  readonly key?: SoftKey;
  readonly parts?: Parts;
  readonly more?: object;
}

/** A decision as the person's client sends it. */
export function signed(
  view: ChangeView,
  by: string,
  { kind = 'approve', personId = by, key = KEYS[by], parts = {}, more = {} }: Signing = {},
): object & { readonly assertion: Assertion } {
  const { id: change, revision, contentHash } = view;
  const bound = { revision, contentHash, assessmentHash: view.assessmentHash as AssessmentHash, nonce: nonce() };
  const subject = { ...bound, ledger: 'main', change, decision: kind, personId: checked<PersonId>(personId) };
  if (key === undefined) throw new Error(`${by} has no key`);
  return {
    ...bound,
    ...(kind === 'override' ? {} : { decision: kind }),
    ...(kind === 'reject' || kind === 'request-changes' ? { reason: 'not now' } : {}),
    assertion: key.assert(decisionChallenge(subject), parts),
    ...more,
  };
}

/** Signed by each of them, then carried out. */
export async function carryOutSigned(fixture: GovernanceFixture, view: ChangeView, ...people: string[]): Promise<void> {
  for (const person of people) await fixture.changes.decide(who(person), view.id, signed(view, person));
  await fixture.clock.advance(86_400_000);
  const end = await fixture.changes.advance(view.id);
  if (end.kind !== 'end' || end.state !== 'executed') throw new Error(`not executed: ${JSON.stringify(end)}`);
}

export const OTHER_CHALLENGE = createHash('sha256').update('another').digest('hex');
