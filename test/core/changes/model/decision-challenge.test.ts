/** What a person's own key signs: a hash that changes with everything a decision binds to, and with nothing else. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AssessmentHash, ContentHash, PersonId } from '../../../../core/brands/index.ts';
import { canonicalize } from '../../../../core/canonical/index.ts';
import { decisionChallenge, type ChangeView, type DecisionSubject } from '../../../../core/changes/index.ts';
import { recordingFixture, by, overrideOf, pending, refused } from '../recording/recording-fixture.ts';
import { decision, entriesOf } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

const subject: DecisionSubject = {
  ...{
    ledger: 'main',
    change: 'c-1',
    revision: 1,
    contentHash: checked<ContentHash>('a'.repeat(64)),
    assessmentHash: checked<AssessmentHash>('b'.repeat(64)),
  },
  ...{
    decision: 'approve',
    personId: checked<PersonId>('ann'),
    nonce: 'nonce-0123456789',
    expiresAt: '2026-11-21T10:00:00Z',
  },
};

/** As an authenticator would answer to `challenge`. */
function assertionOver(challenge: string, more: object = {}): object {
  const client = {
    type: 'webauthn.get',
    challenge: Buffer.from(challenge, 'hex').toString('base64url'),
    origin: 'https://n.test',
    ...more,
  };
  const clientDataJSON = Buffer.from(JSON.stringify(client)).toString('base64url');
  return { credentialId: 'Y3JlZA', authenticatorData: 'YXV0aA', clientDataJSON, signature: 'c2ln' };
}

const challengeFor = (view: ChangeView, input: object, more: object = {}): string =>
  decisionChallenge({
    ...(input as DecisionSubject),
    ledger: 'main',
    change: view.id,
    personId: checked<PersonId>('ann'),
    ...more,
  });

describe('the challenge', () => {
  it('is the SHA-256 of the tagged canonical JSON, as documented', () => {
    const { expiresAt, ...rest } = subject;
    const text = `nervous-system.change.decision.v1\n${canonicalize({ ...rest, expiresAt: expiresAt ?? null })}\n`;
    expect(decisionChallenge(subject)).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('is another for any other ledger, change-set, revision, content, assessment, decision, person, nonce or end', () => {
    const others: Partial<DecisionSubject>[] = [
      { ledger: 'other' },
      { change: 'c-2' },
      { revision: 2 },
      { contentHash: checked<ContentHash>('c'.repeat(64)) },
      { assessmentHash: checked<AssessmentHash>('c'.repeat(64)) },
      ...(['reject', 'request-changes', 'override'] as const).map((kind) => ({ decision: kind })),
      { personId: checked<PersonId>('bob') },
      { nonce: 'nonce-9876543210' },
      { expiresAt: '2026-11-21T10:00:01Z' },
      { expiresAt: undefined },
    ];
    const all = [subject, ...others.map((other) => ({ ...subject, ...other }))].map(decisionChallenge);
    expect(new Set(all).size).toBe(others.length + 1);
    expect(decisionChallenge({ ...subject, reason: 'extra' } as DecisionSubject)).toBe(decisionChallenge(subject));
  });
});

describe('an assertion', () => {
  it('over this decision is recorded with the vote, and with an override', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const input = decision(view);
    const assertion = assertionOver(challengeFor(view, input));
    await fixture.changes.decide(by('ann'), view.id, { ...input, assertion });
    expect((await entriesOf(fixture, view.id)).at(-1)?.body.data['assertion']).toEqual(assertion);
    expect(await fixture.changes.decide(by('ann'), view.id, input)).toMatchObject({ kind: 'recorded' });
    const urgent = overrideOf(view);
    const bound = challengeFor(view, urgent, { personId: 'olga', decision: 'override' });
    await fixture.changes.override(by('olga'), view.id, { ...urgent, assertion: assertionOver(bound) });
    expect((await entriesOf(fixture, view.id)).at(-1)?.body.data).toHaveProperty('assertion');
  });

  it('over anything else is refused', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const input = decision(view);
    for (const other of [
      { decision: 'reject' },
      { personId: 'rita' },
      { change: 'c-9' },
      { ledger: 'x' },
      { revision: 2 },
    ]) {
      const assertion = assertionOver(challengeFor(view, input, other));
      await refused(fixture, 'DECISION_STALE', () =>
        fixture.changes.decide(by('ann'), view.id, { ...input, assertion }),
      );
    }
    const urgent = overrideOf(view);
    const asVote = assertionOver(challengeFor(view, urgent, { personId: 'olga', decision: 'approve' }));
    await refused(fixture, 'DECISION_STALE', () =>
      fixture.changes.override(by('olga'), view.id, { ...urgent, assertion: asVote }),
    );
  });

  it('that is none is refused: shape, size, type, no JSON', async () => {
    const fixture = recordingFixture();
    const view = await pending(fixture);
    const input = decision(view);
    const good = assertionOver(challengeFor(view, input));
    const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const assertion of [
      null,
      {},
      { ...good, extra: 'x' },
      { ...good, signature: 'not base64url!' },
      { ...good, signature: 'a'.repeat(1025) },
      { ...good, credentialId: 'a'.repeat(1365) },
      { ...good, clientDataJSON: 'a'.repeat(2049) },
      { ...good, clientDataJSON: Buffer.from('{"type":').toString('base64url') },
      { ...good, clientDataJSON: encoded(null) },
      { ...good, clientDataJSON: encoded(['webauthn.get']) },
      assertionOver(challengeFor(view, input), { type: 'webauthn.create' }),
      assertionOver(challengeFor(view, input), { challenge: 7 }),
    ])
      await refused(fixture, 'CHANGE_INVALID', () =>
        fixture.changes.decide(by('ann'), view.id, { ...input, assertion }),
      );
  });
});
