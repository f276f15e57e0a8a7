/** A proposer may ask for an earlier deadline than the configuration sets, and for nothing else. */
import { expect, it } from 'vitest';
import { createWorld, hours, patchOf, proposal, who } from '../world.ts';

const CONFIGURED_HOURS = 168;

async function deadlineOf(wanted: (now: number) => number): Promise<string> {
  const world = createWorld();
  const deadline = new Date(wanted(world.clock.now())).toISOString();
  const input = proposal([patchOf('/note', 'x')], { deadline });
  const { change } = await world.changes.propose(who('pete'), input);
  expect(change.deadline).toBe(deadline);
  expect((await world.record(change.id)).content.deadline).toBe(deadline);
  return deadline;
}

it('is taken when it is earlier, and the change-set expires then', async () => {
  const world = createWorld();
  const deadline = new Date(world.clock.now() + hours(1)).toISOString();
  const { change } = await world.changes.propose(who('pete'), proposal([patchOf('/note', 'x')], { deadline }));
  expect(await world.changes.advance(change.id)).toMatchObject({ kind: 'wait', until: Date.parse(deadline) });
  await world.clock.advance(hours(1));
  expect(await world.changes.advance(change.id)).toEqual({ kind: 'end', state: 'expired' });
});

it('may be the very last moment, but no later, and not in the past', async () => {
  await deadlineOf((now) => now + hours(CONFIGURED_HOURS));
  const refused = { code: 'CHANGE_INVALID', problems: [{ pointer: '/deadline' }] };
  await expect(deadlineOf((now) => now + hours(CONFIGURED_HOURS) + 1)).rejects.toMatchObject(refused);
  await expect(deadlineOf((now) => now)).rejects.toMatchObject(refused);
});

it('belongs to what an idempotency key stands for', async () => {
  const world = createWorld();
  const at = (ms: number): object => ({ deadline: new Date(world.clock.now() + ms).toISOString() });
  const propose = (more: object) => world.changes.propose(who('pete'), proposal([patchOf('/n', 1)], more), 'key');
  expect((await propose(at(hours(1)))).kind).toBe('created');
  expect((await propose(at(hours(1)))).kind).toBe('existing');
  await expect(propose(at(hours(2)))).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
});
