/**
 * What a person does with notices: list them, mark them read, follow them as they come. Each is shown only to whom it may still
 * concern at that moment; of another only that there was one. Reading changes nothing in the ledger.
 */
import type { PersonId } from '../../brands/index.ts';
import type { Clock } from '../../ledger/index.ts';
import { denied, PolicyError, type Principal } from '../../policy/index.ts';
import type { OpenStreams } from '../feed/open-streams.ts';
import { SystemError } from '../config/errors.ts';
import type { Notice, NoticePage, Notices, WithdrawnNotice } from '../contract/notices.ts';
import type { NoticeAudience } from './notice-audience.ts';
import type { NoticePreferenceStore } from './notice-preferences.ts';
import type { NoticeStore } from './notice-store.ts';

export interface NoticesDependencies {
  readonly store: NoticeStore;
  readonly audience: NoticeAudience;
  readonly clock: Clock;
  readonly preferences: NoticePreferenceStore;
  readonly streams: OpenStreams;
  /** ms after which who follows looks again although nobody told */
  readonly pollMs: number;
}

export interface CreatedNotices {
  readonly notices: Notices;
  /** Notices were made. */
  readonly wake: () => void;
}

/** Of whoever has chosen nothing: notices are in the API alone. */
const NONE = { topics: ['*'], digestMinutes: 15 };
const PAGE = 100;
const CURSOR = /^n(0|[1-9][0-9]{0,14})$/;
/** Before the first. */
const BEGINNING = -1;

export function createNotices(deps: NoticesDependencies): CreatedNotices {
  const { store, streams, preferences } = deps;
  const waiting: Waiting = new Set();
  const pageOf = async (personId: PersonId, after: number, limit: number): Promise<NoticePage> => {
    const [found, unread] = await Promise.all([store.list(personId, { after, limit }), store.unread(personId)]);
    const notices = await Promise.all(found.map((notice) => shown(deps, personId, notice)));
    return { notices, cursor: formatCursor(found.at(-1)?.position ?? after), unread };
  };
  return {
    wake: () => {
      for (const resume of waiting) resume(undefined);
    },
    notices: {
      list: async (principal, { after, limit }) => pageOf(personOf(principal), parseCursor(after), limit),
      markRead: async (principal, mark) => {
        const personId = personOf(principal);
        const ids = new Set('ids' in mark ? mark.ids : []);
        const end = 'upTo' in mark ? parseCursor(mark.upTo) : BEGINNING;
        return { unread: await store.markRead(personId, (position) => position <= end || ids.has(position)) };
      },
      preferences: async (principal) => {
        const { seq: _, ...kept } = (await preferences.of(personOf(principal))) ?? { ...NONE, seq: 0 };
        return kept;
      },
      setPreferences: async (principal, wanted) => {
        const personId = personOf(principal);
        await preferences.set({ kind: 'person', id: principal.id, personId }, wanted);
      },
      follow: async (principal, { after, signal }) => {
        const personId = personOf(principal);
        const from = parseCursor(after);
        const leave = streams.take(principal.id, signal);
        return follow({ ...deps, waiting }, { from, signal, leave, read: (next) => pageOf(personId, next, PAGE) });
      },
    },
  };
}

type Waiting = Set<(told: unknown) => void>;

interface Following {
  readonly from: number;
  readonly signal: AbortSignal;
  readonly leave: () => void;
  readonly read: (after: number) => Promise<NoticePage>;
}

async function* follow(
  { clock, pollMs, waiting }: NoticesDependencies & { readonly waiting: Waiting },
  { from, signal, leave, read }: Following,
): AsyncGenerator<NoticePage, void, undefined> {
  try {
    for (let next = from; !signal.aborted;) {
      const woken = nextWake(waiting, signal);
      const page = await read(next);
      yield page;
      next = parseCursor(page.cursor);
      if (page.notices.length > 0) woken.forget();
      else await Promise.race([woken.done, clock.sleep(pollMs, signal)]).finally(woken.forget);
    }
  } finally {
    leave();
  }
}

/** Listened for before reading: what is made meanwhile is not missed. */
function nextWake(
  waiting: Waiting,
  signal: AbortSignal,
): { readonly done: Promise<unknown>; readonly forget: () => void } {
  const { promise: done, resolve } = Promise.withResolvers<unknown>();
  const forget = (): void => {
    waiting.delete(resolve);
    signal.removeEventListener('abort', resolve);
  };
  waiting.add(resolve);
  signal.addEventListener('abort', resolve);
  return { done, forget };
}

async function shown(
  { audience }: NoticesDependencies,
  personId: PersonId,
  notice: Notice,
): Promise<Notice | WithdrawnNotice> {
  if (await audience.mayRead(personId, notice.subject)) return notice;
  const { position, at, read } = notice;
  return { position, at, read, withdrawn: true };
}

function formatCursor(position: number): string {
  return `n${position + 1}`;
}

/** @returns the log index of the last notice before it */
function parseCursor(cursor: string | undefined): number {
  if (cursor === undefined) return BEGINNING;
  const [, next] = CURSOR.exec(cursor) ?? [];
  if (next !== undefined) return Number(next) - 1;
  const message = `"${cursor.slice(0, 40)}" is not a cursor of notices: start without one`;
  throw new SystemError({ code: 'CURSOR_INVALID', message });
}

function personOf(principal: Principal): PersonId {
  if (principal.kind === 'person') return principal.personId;
  throw new PolicyError(denied(`${principal.kind} "${principal.id}" has no notices: they are for people`));
}
