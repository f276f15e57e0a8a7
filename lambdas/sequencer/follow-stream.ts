/**
 * Serves one batch of the entries stream: places new entries in the log, and makes noise about changed ones; or of the state
 * table's, which tells of lost idempotency keys. Whatever fails is thrown: the stream then brings the whole batch again, which does no harm.
 */
import type { DynamoDBStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import type { EntryPlace, Sequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import { TAMPER_CHAIN, type Appender } from '../../core/ledger/index.ts';
import { defined } from '../../core/values/index.ts';
import type { CatchUpReport } from './catch-up.ts';
import { putBack, readLostKeys, type KeyDependencies } from './lost-keys.ts';
import { readRecords, type Tampering } from './read-records.ts';

const catchUpEvent = z.object({ kind: z.literal('catch-up'), now: z.boolean().default(false) });
/** A batch of the stream, or what a schedule or an operator sends when the stream may have lost entries. */
export type StreamEvent = DynamoDBStreamEvent | z.input<typeof catchUpEvent>;

export interface StreamDependencies {
  readonly ledger: string;
  readonly sequencer: Sequencer;
  /** where idempotency keys are put back */
  readonly keys: Omit<KeyDependencies, 'ledger'>;
  readonly catchUp: (how: { readonly now: boolean }) => Promise<CatchUpReport>;
  /** made when needed: it is not, ever, unless somebody tampers */
  readonly appender: () => Promise<Appender>;
  readonly onSequenced: (entries: number) => void;
  readonly onCaughtUp: (report: CatchUpReport) => void;
  readonly onTampered: (observed: Tampering) => void;
  /** Somebody, this function included, recorded that something is not as it was recorded. */
  readonly onTamperRecorded: (place: EntryPlace) => void;
  /** An entry is gone before it got its place; its chain cannot go on in the log. */
  readonly onGap: (place: EntryPlace) => void;
}

export async function followStream(
  deps: StreamDependencies,
  event: StreamEvent,
): Promise<{ readonly sequenced: number; readonly finished?: boolean }> {
  const asked = catchUpEvent.safeParse(event);
  if (asked.success) {
    const report = await deps.catchUp(asked.data);
    deps.onCaughtUp(report);
    return { ...tell(deps, report), finished: report.finished };
  }
  const { added, tampered } = readRecords(deps.ledger, event as DynamoDBStreamEvent);
  const lost = readLostKeys(deps.ledger, event as DynamoDBStreamEvent);
  for (const observed of [...tampered, ...lost]) deps.onTampered(observed); // first: an alarm must not wait for anything that can fail
  for (const { chain, seq } of added.filter((place) => place.chain === TAMPER_CHAIN))
    deps.onTamperRecorded({ chain, seq });
  const observedKeys: (Tampering & { readonly detail: string })[] = [];
  for (const key of lost)
    observedKeys.push({ ...key, detail: await putBack({ ledger: deps.ledger, ...deps.keys }, key) });
  const { sequenced, gaps } = await deps.sequencer.sequence(added);
  const told = tell(deps, { sequenced: sequenced.length, gaps });
  for (const observed of [...tampered, ...observedKeys]) await record(deps, observed);
  return told;
}

function tell(
  deps: StreamDependencies,
  { sequenced, gaps }: { readonly sequenced: number; readonly gaps: readonly EntryPlace[] },
): { readonly sequenced: number } {
  deps.onSequenced(sequenced);
  for (const gap of gaps) deps.onGap(gap);
  return { sequenced };
}

/** Once per change, however often the stream tells of it. */
async function record(
  { appender }: StreamDependencies,
  observed: Tampering & { readonly detail?: string },
): Promise<void> {
  const { chain, seq, change, eventId, detail } = observed;
  await (
    await appender()
  ).append({
    entries: [
      {
        chain: TAMPER_CHAIN,
        idemKey: `tamper#${eventId}`,
        draft: {
          type: 'tamper.observed',
          actor: { kind: 'service', id: 'sequencer' },
          idem: eventId,
          data: { entity: chain, seq, change, ...defined({ detail }) },
        },
      },
    ],
  });
}
