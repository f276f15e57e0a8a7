/** What an approver is shown is what the hashes stand for: rendered, hashed anew, and caught when it is anything else. */
import { expect, it } from 'vitest';
import type { ContentHash } from '../../../../core/brands/index.ts';
import { bindingProblems, type ChangeView } from '../../../../core/changes/index.ts';
import { previewLines } from '../../../../clients/cli/output/preview-lines.ts';
import { assertDisplayedChange } from '../../../../clients/sdk/displayed-change.ts';
import { createFixture, decision, patchOf, proposal, who } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

async function shown(): Promise<ChangeView> {
  const fixture = createFixture();
  const { change: first } = await fixture.changes.propose(who('pete'), proposal([patchOf('/note', 'old')]));
  await fixture.changes.decide(who('ann'), first.id, decision(first));
  await fixture.changes.advance(first.id);
  const operations = [patchOf('/note', 'new', 'replace'), patchOf('/balance', 10)];
  const { change } = await fixture.changes.propose(who('advisor'), proposal(operations));
  return fixture.changes.get(who('ann'), change.id);
}

it('finds nothing on what the system shows, also after it came over the wire', async () => {
  const view = await shown();
  expect(bindingProblems(view)).toEqual([]);
  expect(bindingProblems(JSON.parse(JSON.stringify(view)) as ChangeView)).toEqual([]);
  expect(() => assertDisplayedChange(view)).not.toThrow();
});

it('renders each place with what stands there and what would', async () => {
  const { preview } = await shown();
  if (preview?.kind !== 'preview') throw new Error('no preview');
  expect(previewLines('account:1', preview)).toEqual([
    '  on version 1 of the document:',
    '    + /balance: 10',
    '    ~ /note: "old" → "new"',
  ]);
});

type Draft = { -readonly [Key in keyof ChangeView]: ChangeView[Key] };

it.each<[string, (view: Draft) => void]>([
  ['another operation', (view) => void (view.operations = view.operations.slice(1))],
  ['another payload', (view) => void (view.operations = [{ ...view.operations[0], payload: [] } as never])],
  ['another entity', (view) => void (view.entityId = 'account:2')],
  ['another content hash', (view) => void (view.contentHash = checked<ContentHash>('0'.repeat(64)))],
  ['another revision', (view) => void (view.revision += 1)],
  ['another id', (view) => void (view.id = 'another')],
  ['a lower level', (view) => void (view.risk = { ...view.risk, level: 'L0' } as never)],
  ['another enforcement', (view) => void (view.risk = { ...view.risk, enforcement: 'hard' } as never)],
  ['other facts', (view) => void (view.risk = { ...view.risk, facts: {} } as never)],
  ['fewer approvals', (view) => void (view.risk = { ...view.risk, approvals: 1 } as never)],
  ['another assessment', (view) => void (view.assessment = { ...view.assessment, level: 'L0' } as never)],
  [
    'no assessment',
    (view) => {
      delete (view as { assessment?: unknown }).assessment;
    },
  ],
  ['another document after', (view) => void (view.preview = { ...view.preview, after: { note: 'new' } } as never)],
  ['another document before', (view) => void (view.preview = { ...view.preview, before: { note: 'olD' } } as never)],
  ['no preview', (view) => void (view.preview = { kind: 'misfit', reason: 'so' })],
  ['another version', (view) => void (view.preview = { ...view.preview, version: 7 } as never)],
  ['a shorter patch', (view) => void (view.preview = { ...view.preview, patch: [] } as never)],
])('finds %s, and nothing is sent', async (_, forge) => {
  const view: Draft = { ...(await shown()) };
  forge(view);
  expect(bindingProblems(view)).not.toEqual([]);
  expect(() => assertDisplayedChange(view)).toThrow(/:/);
});
