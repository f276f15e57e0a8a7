/** Notices: what a person does with them, what makes them out of the log, and what sends them on. */
import { createChangeAudience } from '../../changes/index.ts';
import type { Vault } from '../../events/index.ts';
import type { Appender } from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import type { Notices, PostJson, SendMail } from '../contract/notices.ts';
import { createLogIndex } from '../feed/log-index.ts';
import { createOpenStreams } from '../feed/open-streams.ts';
import { createNoticeAudience, type NoticeAudience } from '../notices/notice-audience.ts';
import { mailOf, slackMessageOf, teamsMessageOf } from '../notices/notice-message.ts';
import { createNoticePreferences, type NoticePreferenceStore } from '../notices/notice-preferences.ts';
import { createNoticeReader, type NoticeReader } from '../notices/notice-reader.ts';
import { createNoticeSender, type NoticeSender } from '../notices/notice-sender.ts';
import { createNoticeStore, type NoticeStore } from '../notices/notice-store.ts';
import { createNotices } from '../notices/notices.ts';
import type { Ground } from './ground.ts';

/** Who follows notices hears of something at least this often; where other processes make them, it is looked for that often. */
const IDLE_MS = 10_000;
const POLL_MS = 2_000;

interface Recording {
  readonly appender: Pick<Appender, 'append'>;
  /** undefined: this process was given no keys for confidential fields */
  readonly vault: Vault | undefined;
}

/** Making them is for one process, which calls `openNoticeReader`. */
export function noticesPart(from: Ground & Recording): { readonly notices: Notices } {
  const { entries, clock, config, noticed } = from;
  const streams = createOpenStreams(config.streams.perPrincipal);
  const pollMs = entries.exclusive ? IDLE_MS : POLL_MS;
  const preferences = preferencesOf(from);
  const { notices, wake } = createNotices({ ...storeOf(from), preferences, clock, streams, pollMs });
  noticed.listen(wake);
  return { notices };
}

/** Makes notices out of the log, and tells `noticed` of each. */
export function openNoticeReader(from: Ground): NoticeReader {
  const { config, entries, items, clock, noticed } = from;
  const index = createLogIndex({ ledger: config.ledger, entries, items, clock });
  return createNoticeReader({ ...storeOf(from), entries, index, onNotice: noticed.tell });
}

export interface NoticeSending extends Recording {
  readonly mail: SendMail;
  readonly post: PostJson;
}

/** Sends notices on by the channels that people have chosen. */
export function openNoticeSender(from: Ground, { mail, post, ...recording }: NoticeSending): NoticeSender {
  const { config, items, clock, onError } = from;
  const { ledger, origin, notices } = config;
  const context = { origin, ...defined({ link: notices.link }) };
  const domain = origin.replaceAll('/', '.');
  return createNoticeSender({
    ...{ ledger, items, clock, onError, ...storeOf(from), preferences: preferencesOf({ ...from, ...recording }) },
    people: () => from.policy.roster.people.map(({ personId }) => personId),
    send: {
      email: (to, told, id) => mail(mailOf(told, { to, id: `${id}@${domain}`, ...context })),
      slack: (url, told) => post(url, slackMessageOf(told, context)),
      teams: (url, told) => post(url, teamsMessageOf(told, context)),
    },
  });
}

function storeOf({ config: { ledger }, items, clock, governance, policy }: Ground): {
  readonly store: NoticeStore;
  readonly audience: NoticeAudience;
} {
  const audience = createNoticeAudience(createChangeAudience({ ledger, items, clock, governance }), policy);
  return { store: createNoticeStore(ledger, items), audience };
}

function preferencesOf({ config, entries, ids, policy, appender, vault }: Ground & Recording): NoticePreferenceStore {
  return createNoticePreferences({ entries, ids, policy, appender, vault, allowed: new Set(config.webhooks.allow) });
}
