/**
 * Sends notices on, each by the channels of its person: those unread and new since the last message, together, not more often
 * than the person wants. A channel that fails is tried again later and alone; it holds up nobody, and nothing waits for it.
 */
import * as z from 'zod';
import { later, msOf, type EpochMs, type PersonId } from '../../brands/index.ts';
import type { Clock, ItemKey, ItemStore } from '../../ledger/index.ts';
import { matchesGlob } from '../../policy/index.ts';
import {
  codecOf,
  defined,
  epochMs,
  MS_PER_DAY,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  stored,
  whole,
} from '../../values/index.ts';
import { NOTICE_CHANNELS, type Notice, type NoticeChannel, type SendOutcome } from '../contract/notices.ts';
import type { NoticeAudience } from './notice-audience.ts';
import type { KeptPreferences, NoticePreferenceStore } from './notice-preferences.ts';
import { MAX_HELD, type NoticeStore } from './notice-store.ts';

/** What is older is read in the API: nobody wants a week of messages after an outage. */
const FRESH_MS = MS_PER_DAY;
/** People whose messages are on their way at the same time. */
const AT_ONCE = 8;
/** What was not answered by then is sent again: the program that sends mail is somebody else's. */
const ANSWER_MS = 30_000;
/** Characters of a reason that are kept. */
const MAX_REASON = 300;
/** Waits after each failure in a row; the last one again and again. */
const WAITS_MS = [MS_PER_MINUTE, 5 * MS_PER_MINUTE, 30 * MS_PER_MINUTE, 2 * MS_PER_HOUR, 5 * MS_PER_HOUR] as const;

/** @param id the same for the same notices: what is sent twice can be told to be one message. Must not throw. */
type SendNotices = (address: string, notices: readonly Notice[], id: string) => Promise<SendOutcome>;

type Sending = {
  /** log index of the last notice that was sent, or is not to be */
  readonly through: number;
  /** entry of the preferences it is about */
  readonly seq: number;
  readonly failures: number;
  readonly sentAt?: EpochMs;
  /** not before */
  readonly dueAt?: EpochMs;
  readonly refused?: string;
};

export const sendingCodec = codecOf<Sending>(
  'sending of notices',
  stored<Sending>({
    ...{ through: z.int().min(-1), seq: whole, failures: whole },
    ...{ sentAt: epochMs.exactOptional(), dueAt: epochMs.exactOptional(), refused: z.string().exactOptional() },
  }),
);

export interface NoticeSenderDependencies {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly clock: Clock;
  readonly store: Pick<NoticeStore, 'list'>;
  readonly audience: NoticeAudience;
  /** those of the roster in force */
  readonly people: () => readonly PersonId[];
  readonly preferences: Pick<NoticePreferenceStore, 'of'>;
  /** the channels that this process can send by */
  readonly send: Partial<Readonly<Record<NoticeChannel, SendNotices>>>;
  /** Told of every failure. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export interface NoticeSender {
  /** Sends what is due to everybody. @returns when something is due next; undefined: nothing waits */
  sendDue(): Promise<EpochMs | undefined>;
}

export function createNoticeSender(deps: NoticeSenderDependencies): NoticeSender {
  return {
    sendDue: async () => {
      const due: EpochMs[] = [];
      const left = deps.people().values();
      const sendOn = async (): Promise<void> => {
        for (const personId of left) due.push(...(await sendTo(deps, personId)));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, sendOn));
      return due.sort((a, b) => a - b)[0];
    },
  };
}

/** @returns when something is due next, by each channel where something is */
async function sendTo(deps: NoticeSenderDependencies, personId: PersonId): Promise<readonly EpochMs[]> {
  const { clock, onError } = deps;
  const soon = (error: unknown): EpochMs => {
    onError(error);
    return later(clock.now(), MS_PER_MINUTE);
  };
  try {
    const preferences = await deps.preferences.of(personId);
    if (preferences === undefined) return [];
    const next = NOTICE_CHANNELS.map((channel) => sendBy(deps, { personId, channel, preferences }).catch(soon));
    return (await Promise.all(next)).filter((at) => at !== undefined);
  } catch (error) {
    return [soon(error)];
  }
}

interface Wanted {
  readonly personId: PersonId;
  readonly channel: NoticeChannel;
  readonly preferences: KeptPreferences;
}

async function sendBy(deps: NoticeSenderDependencies, wanted: Wanted): Promise<EpochMs | undefined> {
  const { personId, channel, preferences } = wanted;
  const [address, send] = [preferences[channel], deps.send[channel]];
  if (address === undefined || send === undefined) return undefined;
  const key: ItemKey = { pk: `${deps.ledger}#notice-sending`, sk: `${personId}#${channel}` };
  const item = await deps.items.get(key);
  const before = item === undefined ? undefined : sendingCodec.decode(item);
  const state = startOf(before, preferences.seq);
  const all = await deps.store.list(personId, { after: state.through, limit: MAX_HELD });
  const notices = await notYetSent(deps, wanted, all);
  if (notices.length === 0 || state.refused !== undefined) return undefined;
  const now = deps.clock.now();
  const dueAt = dueOf(state, preferences);
  if (dueAt !== undefined && now < dueAt) return dueAt;
  const through = all.at(-1)?.position ?? state.through;
  const outcome = await answered(deps, send(address, notices, `${personId}.${channel}.${through}`));
  if (outcome.kind !== 'sent') deps.onError(new Error(`notices of "${personId}" by ${channel}: ${outcome.reason}`));
  const next = after(state, outcome, { now: deps.clock.now(), through });
  const expect = item?.version ?? 'absent';
  await deps.items.write([{ kind: 'put', key, value: sendingCodec.encode(next), expect }]);
  return next.refused === undefined ? next.dueAt : undefined;
}

async function answered(
  { clock }: Pick<NoticeSenderDependencies, 'clock'>,
  sending: Promise<SendOutcome>,
): Promise<SendOutcome> {
  const done = new AbortController();
  const late = clock.sleep(ANSWER_MS, done.signal).then(() => ({ kind: 'later', reason: 'no answer came' }) as const);
  return Promise.race([sending, late]).finally(() => done.abort());
}

/** Other preferences are another beginning, but what was sent is not sent again. */
function startOf(before: Sending | undefined, seq: number): Sending {
  return before?.seq === seq ? before : { through: before?.through ?? -1, seq, failures: 0 };
}

/** The later of both; undefined: now. */
function dueOf({ sentAt, dueAt }: Sending, { digestMinutes }: KeptPreferences): EpochMs | undefined {
  const digest = sentAt === undefined ? undefined : later(sentAt, digestMinutes * MS_PER_MINUTE);
  return [digest, dueAt].filter((at) => at !== undefined).sort((a, b) => b - a)[0];
}

async function notYetSent(
  { clock, audience }: NoticeSenderDependencies,
  { personId, preferences }: Wanted,
  all: readonly Notice[],
): Promise<readonly Notice[]> {
  const since = clock.now() - FRESH_MS;
  const wanted = all.filter(
    ({ read, at, topic }) => !read && msOf(at) >= since && preferences.topics.some((glob) => matchesGlob(glob, topic)),
  );
  const may = await Promise.all(wanted.map(({ subject }) => audience.mayRead(personId, subject)));
  return wanted.filter((_, i) => may[i] === true);
}

function after(
  { seq, through: before, failures, sentAt }: Sending,
  outcome: SendOutcome,
  { now, through }: { readonly now: EpochMs; readonly through: number },
): Sending {
  switch (outcome.kind) {
    case 'sent':
      return { through, seq, failures: 0, sentAt: now };
    case 'refused':
      return { through: before, seq, failures: failures + 1, refused: outcome.reason.slice(0, MAX_REASON) };
    case 'later': {
      const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? MS_PER_MINUTE;
      const asked = outcome.retryAfterMs === undefined ? wait : Math.min(outcome.retryAfterMs, MS_PER_DAY);
      const dueAt = later(now, Math.max(wait, asked));
      return { through: before, seq, failures: failures + 1, dueAt, ...defined({ sentAt }) };
    }
  }
}
