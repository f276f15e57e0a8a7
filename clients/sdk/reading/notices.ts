/** What a person does with notices through the client: list them, follow them, mark them read. */
import type { Notice, NoticePage, NoticePreferences, WithdrawnNotice } from '../../../core/system/index.ts';
import type { OpenStream, Transport } from '../connection/transport.ts';
import { readServerSentEvents } from './stream.ts';

/** `unread`: of all that are kept, when it came. */
export type StreamedNotice = (Notice | WithdrawnNotice) & { readonly unread: number };

export interface NoticeClient {
  /** The oldest first; go on with `cursor`. The newest 200 are kept. */
  list(page?: { readonly after?: string; readonly limit?: number }): Promise<NoticePage>;
  /** Those there are behind `after`, then new ones as they come. */
  stream(query?: { readonly after?: string; readonly signal?: AbortSignal }): AsyncGenerator<StreamedNotice, void>;
  /** Where your notices are sent beside the API. */
  preferences(): Promise<NoticePreferences>;
  /** Replaces them. Addresses are kept as confidential fields: no entry holds them. */
  setPreferences(preferences: Partial<NoticePreferences>): Promise<void>;
  /** Marks all up to a cursor read, or those of these log indices. @returns how many are unread */
  markRead(mark: { readonly upTo: string } | { readonly ids: readonly number[] }): Promise<number>;
}

export function createNoticeClient(call: Transport, open: OpenStream): NoticeClient {
  const path = '/v1/notices';
  return {
    list: (page = {}) => call({ method: 'GET', path, query: { ...page } }),
    stream: async function* ({ after, signal } = {}) {
      const events = readServerSentEvents(open, { method: 'GET', path: `${path}/stream`, query: { after }, signal });
      for await (const { data } of events) yield JSON.parse(data) as StreamedNotice;
    },
    preferences: () => call({ method: 'GET', path: `${path}/preferences` }),
    setPreferences: (body) => call({ method: 'POST', path: `${path}/preferences`, body, idempotent: true }),
    markRead: async (body) =>
      (await call<{ unread: number }>({ method: 'POST', path: `${path}/read`, body, idempotent: true })).unread,
  };
}
