/**
 * Looks for entries without a place in the log, once a day through the whole table, in short runs of which each goes on where
 * the last one stopped: one run must neither be too long for a function nor keep new entries waiting. What it finds is told
 * apart: an entry that is younger than a minute or two is only on its way.
 */
import * as z from 'zod';
import { msOf } from '../../core/brands/index.ts';
import type { ScanCursor } from '../../adapters/aws/dynamo/scan-heads.ts';
import type { EntryPlace, Sequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import { parseEntry, type Clock, type EntryStore, type ItemStore, type LogPlace } from '../../core/ledger/index.ts';
import { codecOf, defined, MS_PER_SECOND, stored, whole } from '../../core/values/index.ts';

/** While it runs the stream waits. */
const RUN_MS = 20_000;
const PASS_INTERVAL_MS = 86_400_000;
/** The stream brings an entry within seconds; after this it did not. */
const OVERDUE_MS = 900_000;
/** Of the found entries so many are looked at: one is enough for an alarm. */
const SAMPLE = 20;

export interface CatchUpDependencies {
  readonly ledger: string;
  readonly sequencer: Pick<Sequencer, 'catchUp'>;
  readonly items: Pick<ItemStore, 'get' | 'write'>;
  readonly entries: Pick<EntryStore, 'read'>;
  readonly clock: Clock;
}

export interface CatchUpReport {
  readonly sequenced: number;
  readonly gaps: readonly EntryPlace[];
  /** found entries that were old, of those looked at: the stream lost them */
  readonly overdue: number;
  /** of the pass that is under way; 0: none is */
  readonly passAgeSeconds: number;
  /** false: the next run goes on */
  readonly finished: boolean;
}

/** When the newest pass began, and where it was left off. */
interface Pass {
  readonly startedAt: number;
  readonly rest?: ScanCursor;
}

export const passCodec = codecOf<Pass>(
  'pass of the catch-up',
  stored<Pass>({
    startedAt: z.number(),
    rest: stored<ScanCursor>({
      after: stored<ScanCursor['after']>({ pk: z.string(), sk: z.string() }),
      current: stored<NonNullable<ScanCursor['current']>>({ chain: z.string(), seq: whole }).exactOptional(),
    }).exactOptional(),
  }),
);

/** @param now true: begin a pass although one was finished less than a day ago */
export async function catchUp(deps: CatchUpDependencies, { now }: { readonly now: boolean }): Promise<CatchUpReport> {
  const { ledger, items, sequencer, clock } = deps;
  const key = { pk: `${ledger}#catch-up`, sk: 'pass' };
  const item = await items.get(key);
  const last = item && passCodec.decode(item);
  const begun = clock.now();
  const isDue = now || last === undefined || begun - last.startedAt >= PASS_INTERVAL_MS;
  if (last?.rest === undefined && !isDue)
    return { sequenced: 0, gaps: [], overdue: 0, passAgeSeconds: 0, finished: true };
  const startedAt = last?.rest === undefined ? begun : last.startedAt;
  const running = clock.monotonic();
  const goOn = (): boolean => clock.monotonic() - running < RUN_MS;
  const { sequenced, gaps, rest } = await sequencer.catchUp({ from: last?.rest, goOn });
  // Dies before this: the next run looks through the same segment again, which does no harm.
  await items.write([
    { kind: 'put', key, value: passCodec.encode({ startedAt, ...defined({ rest }) }), expect: 'any' },
  ]);
  return {
    sequenced: sequenced.length,
    gaps,
    overdue: await countOverdue(deps, sequenced.slice(0, SAMPLE)),
    passAgeSeconds: rest === undefined ? 0 : Math.round((clock.now() - startedAt) / MS_PER_SECOND),
    finished: rest === undefined,
  };
}

async function countOverdue({ entries, clock }: CatchUpDependencies, places: readonly LogPlace[]): Promise<number> {
  let overdue = 0;
  for (const { chain, seq } of places) {
    const [stored] = await entries.read(chain, seq, 1);
    const parsed = stored === undefined ? undefined : parseEntry(stored.note);
    if (parsed?.kind !== 'entry' || clock.now() - msOf(parsed.body.at) > OVERDUE_MS) overdue += 1;
  }
  return overdue;
}
