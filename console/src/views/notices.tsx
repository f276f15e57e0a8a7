/** What somebody is told: the newest first, with what concerns them about it. Reading marks nothing; that is asked for. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Notice, NoticePage } from '../../../core/system/index.ts';
import { Line, Problem, Show, Time } from '../parts/parts.tsx';
import { addressOf } from '../session/route.ts';
import { reasonOf, type Session } from '../session/session.ts';
import { useLoaded } from '../session/use-loaded.ts';

export function Notices({ session }: { readonly session: Session }): JSX.Element {
  const [loaded, reload] = useLoaded<NoticePage>(() => session.client.notices.list({ limit: 200 }), [session]);
  const [failure, setFailure] = useState<string | undefined>();
  const markRead = (upTo: string): void => {
    session.client.notices.markRead({ upTo }).then(reload, (error: unknown) => setFailure(reasonOf(error)));
  };
  return (
    <>
      <h1>Notices</h1>
      {failure === undefined ? null : <Problem reason={failure} />}
      <Show loaded={loaded}>
        {({ notices, unread, cursor }) => (
          <>
            <p role="status">{unread} unread</p>
            {unread === 0 ? null : <button onClick={() => markRead(cursor)}>Mark all read</button>}
            <ul class="cards">
              {notices.toReversed().map((notice) => (
                <li key={notice.position}>
                  {'withdrawn' in notice ? 'A notice that you may not read any more.' : <One notice={notice} />}
                </li>
              ))}
            </ul>
          </>
        )}
      </Show>
    </>
  );
}

function One({ notice }: { readonly notice: Notice }): JSX.Element {
  const { title, subject, facts, at, why } = notice;
  const text = <Line text={title} />;
  return (
    <>
      {subject.kind === 'change-set' ? <a href={addressOf('changes', subject.id)}>{text}</a> : text}
      <div class="quiet">
        <Time at={at} /> · {WHY[why]}
      </div>
      <ul>
        {facts.map(({ name, value }) => (
          <li key={name}>
            <Line text={name} />: <Line text={value} />
          </li>
        ))}
      </ul>
    </>
  );
}

const WHY: Readonly<Record<Notice['why'], string>> = {
  ...{ decides: 'you may decide', proposed: 'you proposed it', voted: 'you voted on it', reviews: 'you may review it' },
  ...{ resolves: 'you may resolve it', oversees: 'you oversee', owns: 'it is yours' },
};
