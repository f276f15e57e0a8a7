/** Events as they are recorded. Pausing stops reading, and going on begins behind the last event that was read, so none is left out. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { StreamItem } from '../../../clients/sdk/reading/stream.ts';
import { Json, Line, Problem, Time } from '../parts/parts.tsx';
import { addressOf } from '../session/route.ts';
import { reasonOf, type Session } from '../session/session.ts';

/** Events that are shown at once. */
const MAX_SHOWN = 200;

interface Live {
  readonly items: readonly StreamItem[];
  readonly failure: string | undefined;
}

export function LivePage({ session }: { readonly session: Session }): JSX.Element {
  const [topics, setTopics] = useState('');
  const [isPaused, setPaused] = useState(false);
  const { items, failure } = useStream(session, topics, isPaused);
  return (
    <>
      <h1>Live</h1>
      <form onSubmit={(event) => event.preventDefault()}>
        <label>
          Topics (such as transactions.*, separated by commas; empty: all that you may read)
          <input value={topics} onChange={({ currentTarget }) => setTopics(currentTarget.value)} />
        </label>
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </form>
      {failure === undefined ? null : <Problem reason={failure} />}
      <p class="quiet" role="status">
        {isPaused
          ? 'Paused: what is recorded meanwhile comes when you go on.'
          : 'Reading what is recorded from now on.'}
      </p>
      <ul class="cards" aria-label="Events, the newest first">
        {items.map(({ event, cursor }) => (
          <li key={cursor}>
            <strong>
              <Line text={event.topic} />
            </strong>{' '}
            on{' '}
            <a href={addressOf('entities', event.entityId)}>
              <Line text={event.entityId} />
            </a>{' '}
            <span class="quiet">
              by <Line text={event.source} /> · <Time at={event.timestamp} />
            </span>
            <div>
              <Json value={event.payload} />
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function useStream({ client }: Session, topics: string, isPaused: boolean): Live {
  const [live, setLive] = useState<Live>({ items: [], failure: undefined });
  const after = useRef('latest');
  // At once: nothing is shown any more when the page says that it is paused.
  useLayoutEffect(() => {
    if (isPaused) return undefined;
    const ending = new AbortController();
    const wanted = topics.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
    const read = async (): Promise<void> => {
      const query = { after: after.current, signal: ending.signal, ...(wanted.length === 0 ? {} : { topics: wanted }) };
      for await (const item of client.stream(query)) {
        if (ending.signal.aborted) return;
        after.current = item.cursor;
        setLive(({ items }) => ({ items: [item, ...items].slice(0, MAX_SHOWN), failure: undefined }));
      }
    };
    read().catch((error: unknown) => setLive(({ items }) => ({ items, failure: reasonOf(error) })));
    return () => ending.abort();
  }, [client, topics, isPaused]);
  return live;
}
