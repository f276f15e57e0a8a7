/** What is stored is handed on as an event with its place, as a gap with the reason, or not at all. */
import { expect, it } from 'vitest';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { readEvent, recordedEvent } from '../../../../core/events/publishing/recorded-event.ts';
import type { LoggedEntry, StoredEntry } from '../../../../core/ledger/index.ts';
import { appenderOn, note } from '../../ledger/ledger-fixture.ts';

async function stored(): Promise<readonly [LoggedEntry, LoggedEntry]> {
  const store = new MemoryStore();
  await appenderOn(store).append({ entries: [note('account:1', 'e1')] });
  return (await store.readLog(0, 2)) as [LoggedEntry, LoggedEntry];
}

it('has its place in the log where that is known, and else no such field', async () => {
  const [, entry] = await stored();
  const place = { entity: 'account:1', seq: 0, hash: Buffer.from(entry.hash).toString('hex') };
  expect(recordedEvent(entry)?.event.ledger).toEqual({ ...place, position: 1 });
  expect(recordedEvent({ ...entry, position: 0 })?.event.ledger).toEqual({ ...place, position: 0 });
  const { position: _, ...unplaced } = entry;
  const handed = recordedEvent(unplaced as StoredEntry)?.event.ledger ?? {};
  expect(Object.keys(handed).sort()).toEqual(['entity', 'hash', 'seq']);
});

it('is nothing where it is no event, and a gap where it cannot be read', async () => {
  const [certificate, entry] = await stored();
  expect(readEvent(certificate)).toBeUndefined();
  const broken = { ...entry, note: Buffer.from('nonsense') };
  expect(readEvent(broken)).toMatchObject({ entity: 'account:1', seq: 0, reason: expect.any(String) as string });
  expect(recordedEvent(broken)).toBeUndefined();
});
