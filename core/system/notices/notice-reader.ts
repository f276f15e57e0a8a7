/**
 * Makes notices out of the log: from its own cursor on, in the order of the log, for the people whom each event concerns. What it
 * makes follows from entries alone, so it may be killed, run twice, or begin anew; an event is told to a person once.
 */
import { APPROVALS_SOURCE } from '../../changes/index.ts';
import { GUARD_SOURCE, isSystemTopic, recordedEvent } from '../../events/index.ts';
import type { EntryStore, LoggedEntry } from '../../ledger/index.ts';
import type { MadeNotice } from '../contract/notices.ts';
import type { LogIndex } from '../feed/log-index.ts';
import { topicIn } from '../feed/topic-blocks.ts';
import type { NoticeAudience } from './notice-audience.ts';
import type { NoticeStore } from './notice-store.ts';
import { noticeText, noticeTopics } from './notice.ts';

/** Entries read at once. */
const PAGE = 256;

export interface NoticeReader {
  /**
   * Reads on to the end of the log, as long as `goOn` says so.
   * @returns the log index up to which everything was told
   * @throws what the store throws; what was told stays told, and nothing is told twice
   */
  extend(goOn?: () => boolean | Promise<boolean>): Promise<number>;
  /** Forgets what was made, so that `extend` makes it again from the beginning of the log. What was read stays read. */
  rebuild(): Promise<void>;
}

export interface NoticeReaderDependencies {
  readonly entries: Pick<EntryStore, 'readLog' | 'size'>;
  /** finds what is told of among everything else; absent: the log is read */
  readonly index?: LogIndex;
  readonly store: NoticeStore;
  readonly audience: NoticeAudience;
  /** Told of every notice when it was made. Must not throw. */
  readonly onNotice?: (made: MadeNotice) => void;
}

export function createNoticeReader(deps: NoticeReaderDependencies): NoticeReader {
  const { entries, index, store } = deps;
  const topics = noticeTopics();
  const wanted = new Set(topics);
  const readPage = async (from: number): Promise<{ readonly found: readonly LoggedEntry[]; readonly next: number }> => {
    const indexed = await index?.find(from, { topics }, PAGE);
    if (indexed !== undefined && indexed.next > from) return { found: indexed.entries, next: indexed.next };
    const page = await entries.readLog(from, PAGE);
    return { found: page, next: (page.at(-1)?.position ?? from - 1) + 1 };
  };
  return {
    extend: async (goOn = () => true) => {
      let next = await store.cursor();
      // Only a log that was begun anew after a loss is shorter than what was read of it.
      if (next > (await entries.size())) {
        await store.clear();
        next = 0;
      }
      for (;;) {
        if (!(await goOn())) return next;
        const page = await readPage(next);
        if (page.next === next) return next;
        for (const entry of page.found) if (isWanted(entry, wanted)) await tell(deps, entry);
        await store.writeCursor(page.next);
        next = page.next;
      }
    },
    rebuild: () => store.clear(),
  };
}

function isWanted({ note }: LoggedEntry, topics: ReadonlySet<string>): boolean {
  const topic = topicIn(note);
  return topic !== undefined && topics.has(topic);
}

async function tell({ store, audience, onNotice }: NoticeReaderDependencies, entry: LoggedEntry): Promise<void> {
  const recorded = recordedEvent(entry);
  // A module that may publish under such a topic says it in its own name, and is not believed.
  if (recorded === undefined) return;
  const { topic, payload, source } = recorded.event;
  if (source !== (isSystemTopic(topic) ? GUARD_SOURCE : APPROVALS_SOURCE)) return;
  const text = noticeText({ topic, payload, at: recorded.at });
  if (text === undefined || isToldTwice(topic, payload['state'])) return;
  for (const [personId, why] of await audience.concernedBy(text)) {
    const isNew = await store.add(personId, entry.position, { ...text, why });
    if (isNew) onNotice?.({ personId, notice: { ...text, why, position: entry.position, read: false } });
  }
}

/** `approvals.decided` has said it. */
function isToldTwice(topic: string, state: unknown): boolean {
  return topic === 'approvals.ended' && state === 'rejected';
}
