/** A proposer may ask for an earlier deadline than the configuration sets, and for nothing else. */
import { expect, it } from 'vitest';
import { createFixture, hours, patchOf, proposal, who } from '../fixture.ts';

const CONFIGURED_HOURS = 168;

async function deadlineOf(wanted: (now: number) => number): Promise<string> {
  const fixture = createFixture();
  const deadline = new Date(wanted(fixture.clock.now())).toISOString();
  const input = proposal([patchOf('/note', 'x')], { deadline });
  const { change } = await fixture.changes.propose(who('pete'), input);
  expect(change.deadline).toBe(deadline);
  expect((await fixture.record(change.id)).content.deadline).toBe(deadline);
  return deadline;
}

it('is taken when it is earlier, and the change-set expires then', async () => {
  const fixture = createFixture();
  const deadline = new Date(fixture.clock.now() + hours(1)).toISOString();
  const { change } = await fixture.changes.propose(who('pete'), proposal([patchOf('/note', 'x')], { deadline }));
  expect(await fixture.changes.advance(change.id)).toMatchObject({ kind: 'wait', until: Date.parse(deadline) });
  await fixture.clock.advance(hours(1));
  expect(await fixture.changes.advance(change.id)).toEqual({ kind: 'end', state: 'expired' });
});

it('may be the very last moment, but no later, and not in the past', async () => {
  await deadlineOf((now) => now + hours(CONFIGURED_HOURS));
  const refused = { code: 'CHANGE_INVALID', problems: [{ pointer: '/deadline' }] };
  await expect(deadlineOf((now) => now + hours(CONFIGURED_HOURS) + 1)).rejects.toMatchObject(refused);
  await expect(deadlineOf((now) => now)).rejects.toMatchObject(refused);
});

it('belongs to what an idempotency key stands for', async () => {
  const fixture = createFixture();
  const at = (ms: number): object => ({ deadline: new Date(fixture.clock.now() + ms).toISOString() });
  const propose = (more: object) => fixture.changes.propose(who('pete'), proposal([patchOf('/n', 1)], more), 'key');
  expect((await propose(at(hours(1)))).kind).toBe('created');
  expect((await propose(at(hours(1)))).kind).toBe('existing');
  await expect(propose(at(hours(2)))).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
});
