/**
 * A notice: what one person should know of one event, in a few facts. It is made from the log and can be made again; it grants
 * nothing and proves nothing.
 */
import type { IsoInstant, PersonId, Position } from '../../brands/index.ts';
import type { Concern } from '../../changes/index.ts';
import type { Principal } from '../../policy/index.ts';

/** What it is about, and by which right its reader may know of it. */
export type NoticeSubject =
  | { readonly kind: 'change-set'; readonly id: string }
  | { readonly kind: 'agent'; readonly id: string }
  /** `module`: whose it is */
  | { readonly kind: 'subscription'; readonly id: string; readonly module: string }
  | { readonly kind: 'topic'; readonly id: string };

/** Why somebody is told: their part in a change-set, or what is theirs or in their care. */
export type NoticeReason = Concern | 'owns';

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** The same for everybody who is told. */
export interface NoticeText {
  readonly topic: string;
  /** when the event was recorded */
  readonly at: IsoInstant;
  readonly subject: NoticeSubject;
  readonly title: string;
  readonly facts: readonly Fact[];
}

export interface Notice extends NoticeText {
  /** log index of the event: one notice of it, however often it is met; later ones are greater */
  readonly position: Position;
  readonly why: NoticeReason;
  readonly read: boolean;
}

/** In its place when its reader may not know of it any more. */
export type WithdrawnNotice = Pick<Notice, 'position' | 'at' | 'read'> & { readonly withdrawn: true };

export interface MadeNotice {
  readonly personId: PersonId;
  readonly notice: Notice;
}

export interface NoticePage {
  /** oldest first */
  readonly notices: readonly (Notice | WithdrawnNotice)[];
  /** pass it as `after` to go on behind these */
  readonly cursor: string;
  /** of all, not only of this page */
  readonly unread: number;
}

/** Where messages go; a person has one address for each at most. */
export const NOTICE_CHANNELS = ['email', 'slack', 'teams'] as const;
export type NoticeChannel = (typeof NOTICE_CHANNELS)[number];

/** Each channel is an e-mail address, or the URL of an incoming webhook, which is a secret. */
export type NoticePreferences = Readonly<Partial<Record<NoticeChannel, string>>> & {
  /** globs: which notices are sent; all are in the API */
  readonly topics: readonly string[];
  /** minutes between two messages of a channel, at least; what comes in between is sent together */
  readonly digestMinutes: number;
};

export interface Mail {
  /** Message-ID without its brackets: sent twice, it is the same mail */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export type SendOutcome =
  | { readonly kind: 'sent' }
  /** it may work later, and not before this many ms when somebody said so */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfterMs?: number }
  /** it will never work with this address */
  | { readonly kind: 'refused'; readonly reason: string };

/** How an engine sends mail. Must not throw. */
export type SendMail = (mail: Mail) => Promise<SendOutcome>;
/** How an engine sends JSON to a URL that a person chose: as webhooks are sent, so not to every address. Must not throw. */
export type PostJson = (url: string, body: object) => Promise<SendOutcome>;

export type ReadMark = { readonly upTo: string } | { readonly ids: readonly number[] };

export interface Notices {
  /** @throws PolicyError FORBIDDEN: to people alone, SystemError CURSOR_INVALID, as all here */
  list(principal: Principal, page: { readonly after?: string; readonly limit: number }): Promise<NoticePage>;
  markRead(principal: Principal, mark: ReadMark): Promise<{ readonly unread: number }>;
  /**
   * Those behind `after`, then new ones, until the signal is aborted. An empty page comes when nothing else did for a while.
   * @throws SystemError STREAMS_EXHAUSTED
   */
  follow(
    principal: Principal,
    options: { readonly after?: string; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<NoticePage>>;
  /** Where messages go. An address that was erased is gone. */
  preferences(principal: Principal): Promise<NoticePreferences>;
  /** Replaces all of them, and records that. @throws SystemError NOTICE_CHANNEL_INVALID */
  setPreferences(principal: Principal, preferences: NoticePreferences): Promise<void>;
}
