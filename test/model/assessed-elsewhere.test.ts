/** Somebody changed a document in the store, and a proposal was assessed on it: nobody else is accused of what that one counted. */
import { expect, it } from 'vitest';
import { replayed } from '../support/replayed.ts';
import { ApprovalFixture } from './approval-fixture.ts';

it.each([true, false])(
  'leaves those entitled who counted it as it was, in the order of commits: %s',
  async (isCommitOrder) => {
    const fixture = new ApprovalFixture();
    await fixture.prepare();
    const process = fixture.process(0);
    const clerk = fixture.who('clerk');
    const proposal = (path: string, value: number): object => ({
      ...{ title: 'Do it', rationale: 'It is needed.' },
      operations: [{ type: 'state.patch', payload: [{ op: 'add', path, value }] }],
    });
    const { change } = await process.propose(clerk, { entityId: 'account:2', ...proposal('/money/a', 5000) });
    await fixture.tamper('account:2');
    await process.revise(clerk, change.id, proposal('/notes/a', 0));
    const { change: next } = await process.propose(clerk, { entityId: 'account:1', ...proposal('/notes/a', 0) });
    expect(next.risk?.facts).toMatchObject({ initiator: { recentMoved: 0 } });
    const { finding, notChecked } = await replayed(fixture.stores, { isCommitOrder });
    expect(finding).toBeUndefined();
    expect(notChecked.join()).toContain('facts of 1 assessments');
  },
);
