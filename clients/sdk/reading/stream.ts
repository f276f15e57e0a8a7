/**
 * Reads the feed as it comes, over server-sent events. Whoever ends the connection, the client continues behind the last event
 * that it read. It reads at the pace of its caller; the service cuts off a caller that is too slow, and the client then
 * connects again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveredEvent } from '../../../core/events/index.ts';
import type { FeedFilterQuery, FeedItem } from './feed.ts';
import { ApiProblem, Unreachable } from '../connection/problems.ts';
import { SseParser, type ServerSentEvent } from './sse-parser.ts';
import { backoffMs, isAborted, isTransient, type Call, type OpenStream } from '../connection/transport.ts';

export interface StreamQuery extends FeedFilterQuery {
  /** cursor of the last event seen, or `latest` for what comes from now on; default: the beginning */
  readonly after?: string;
  /** only what this subscription of yours, with target `stream`, lets through */
  readonly subscription?: string;
  /** aborted: the iteration ends */
  readonly signal?: AbortSignal;
}

export interface StreamItem<Event = DeliveredEvent> extends FeedItem<Event> {
  /** pass as `after` to go on exactly behind this event */
  readonly cursor: string;
}

const EVENT_STREAM = 'text/event-stream';
/** The service says something every 15 s, or on AWS answers within 20: after this it counts as gone. */
const SILENCE_MS = 45_000;
/** Failures in a row before the first success that are waited out. */
const MAX_FIRST_ATTEMPTS = 5;

/** @throws ApiProblem, Unreachable */
export async function* readStream(
  open: OpenStream,
  { after, topics, entity, since, until, subscription, signal }: StreamQuery,
  silenceMs = SILENCE_MS,
): AsyncGenerator<StreamItem, void, undefined> {
  const query = { after, topics: topics?.join(','), entity, since, until, subscription };
  const call: Call = { method: 'GET', path: '/v1/stream', query, signal };
  for await (const { data, lastEventId: cursor } of readServerSentEvents(open, call, silenceMs))
    yield { event: JSON.parse(data) as DeliveredEvent, cursor };
}

/** Ends when the call's signal is aborted or the service says that there is no more; a service that is away is waited for, once it was reached. @throws ApiProblem, Unreachable */
export async function* readServerSentEvents(
  open: OpenStream,
  call: Call,
  silenceMs = SILENCE_MS,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const { signal } = call;
  let lastEventId = '';
  let attempts = MAX_FIRST_ATTEMPTS;
  for (let failures = 0; !isAborted(signal);) {
    failures += 1; // unless something comes
    try {
      for await (const piece of connect(open, call, { lastEventId, silenceMs })) {
        if (piece === 'end') return;
        yield* piece.events;
        lastEventId = piece.lastEventId;
        failures = 0;
        attempts = Infinity;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      if (failures >= attempts || !isTransient(error)) throw error;
    }
    await sleep(backoffMs(failures), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

interface Piece {
  readonly events: readonly ServerSentEvent[];
  readonly lastEventId: string;
}

/** One connection, to its end. @throws ApiProblem, Unreachable: also when nothing comes for too long */
async function* connect(
  open: OpenStream,
  call: Call,
  { lastEventId, silenceMs }: { readonly lastEventId: string; readonly silenceMs: number },
): AsyncGenerator<Piece | 'end', void, undefined> {
  const cut = new AbortController();
  const signal = call.signal === undefined ? cut.signal : AbortSignal.any([call.signal, cut.signal]);
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => cut.abort(new DOMException('the stream fell silent', 'TimeoutError')), silenceMs);
    return work.finally(() => clearTimeout(timer));
  };
  const headers = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
  const [decoder, parser] = [new TextDecoder(), new SseParser(lastEventId)];
  try {
    const opened = await inTime(open({ ...call, headers, signal }, EVENT_STREAM));
    if (opened === undefined) {
      yield 'end';
      return;
    }
    const reader = opened.getReader();
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      yield { events: parser.push(decoder.decode(value, { stream: true })), lastEventId: parser.lastEventId };
    }
  } catch (error) {
    throw error instanceof ApiProblem || error instanceof Unreachable ? error : new Unreachable('the stream', error);
  } finally {
    cut.abort();
  }
}
