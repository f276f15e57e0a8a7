/**
 * What must not compile: one kind of hash, id or time in the place of another. The compiler reads this file with all others (`npm run
 * check:types`), and an error that does not come is one itself, so this fails when a brand is gone. Nothing here runs.
 */
import { isoOf, later, msOf, type EpochMs, type IsoInstant } from '../../core/brands/index.ts';
import type { ChangeRecord } from '../../core/changes/model/record.ts';
import type { Clock, EntryBody } from '../../core/ledger/index.ts';

declare const clock: Clock;
declare const body: EntryBody;
declare const record: ChangeRecord;

function time(ms: EpochMs): EpochMs {
  return ms;
}
function text(instant: IsoInstant): IsoInstant {
  return instant;
}

// Times: milliseconds are no text, a duration is no time, and text that nobody looked at is no instant.
time(clock.now());
time(msOf(body.at));
time(later(clock.now(), 60_000));
text(isoOf(clock.now()));
text(record.content.deadline);
// @ts-expect-error an instant is not milliseconds
time(body.at);
// @ts-expect-error milliseconds are not an instant
text(clock.now());
// @ts-expect-error a duration is not a time
time(60_000);
// @ts-expect-error a duration is not a time
isoOf(60_000);
// @ts-expect-error the age of a process is not the time of day
time(clock.monotonic());
// @ts-expect-error nobody has looked at this text
text('2026-11-22T00:00:00Z');
// @ts-expect-error an instant never equals milliseconds
export const never = body.at === clock.now();
// @ts-expect-error text does not compare with milliseconds
export const earlier = clock.now() < record.content.deadline;
