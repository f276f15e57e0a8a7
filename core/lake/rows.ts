/**
 * The events of a range of the log: what its tables hold is a pure function of it. Both who exports and who verifies ask here, so
 * there is one answer.
 */
import type { JsonObject } from '../canonical/index.ts';
import { attest, type AttestedEvent } from './attest.ts';
import type { ClassName } from './columns.ts';
import type { Lake, Range, TablePlace } from './layout.ts';
import { mapEntry, type LakeEntry } from './map-entry.ts';

export interface PlacedEvent {
  readonly place: TablePlace;
  readonly event: JsonObject;
  readonly position: number;
}

/** Makes the events of one range, the entries given in the order of the log. */
export function createRangeMapper(lake: Lake, { from }: Pick<Range, 'from'>): (entry: LakeEntry) => PlacedEvent {
  const { origin, region, accountId } = lake;
  const chain = `${origin}#${from}`;
  let before: AttestedEvent | undefined;
  return (entry) => {
    const { className, event } = mapEntry(entry, origin);
    before = attest(event, { authority: origin, chain, before });
    const place = { className, region, accountId, day: dayOf(entry) };
    return { place, event: before.event, position: entry.position };
  };
}

/** Groups by table; a table holds one class and one day. */
export function keyOf({ className, day }: { readonly className: ClassName; readonly day: string }): string {
  return `${className}/${day}`;
}

const DATE_CHARS = 10;

function dayOf({ body }: LakeEntry): string {
  return body.at.slice(0, DATE_CHARS).replaceAll('-', '');
}
