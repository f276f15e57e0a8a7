/** The frame around every view: signing in, where one can go, who is signed in. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Problem } from './parts/parts.tsx';
import { addressOf, useRoute } from './session/route.ts';
import { reasonOf, signInByLink, signOut, type LinkIn, type Session } from './session/session.ts';
import { ChangePage } from './views/change.tsx';
import { EntityPage, EntitySearch } from './views/entity.tsx';
import { Inbox } from './views/inbox.tsx';
import { LivePage } from './views/live.tsx';
import { Me } from './views/me.tsx';
import { Notices } from './views/notices.tsx';
import { Operations } from './views/operations.tsx';
import { SignIn } from './views/sign-in.tsx';

interface Place {
  readonly title: string;
  readonly show: (session: Session, rest: readonly string[]) => JSX.Element;
}

const INBOX: Place = { title: 'Inbox', show: (session) => <Inbox session={session} /> };
/** What stands in the navigation, by the first segment of its address. */
const PLACES: Readonly<Record<string, Place>> = {
  inbox: INBOX,
  entities: {
    title: 'History',
    show: (session, [id]) => (id === undefined ? <EntitySearch /> : <EntityPage session={session} id={id} />),
  },
  notices: { title: 'Notices', show: (session) => <Notices session={session} /> },
  live: { title: 'Live', show: (session) => <LivePage session={session} /> },
  operations: { title: 'Operations', show: (session) => <Operations session={session} /> },
  me: { title: 'Who am I', show: (session) => <Me session={session} /> },
};
const CHANGES: Place = { title: 'Change', show: (session, [id = '']) => <ChangePage session={session} id={id} /> };

export function App({ link }: { readonly link: LinkIn | undefined }): JSX.Element {
  const [session, setSession] = useState<Session | undefined>();
  const [refusal, setRefusal] = useState<string | undefined>();
  const [isBusy, setBusy] = useState(link !== undefined);
  useEffect(() => {
    if (link === undefined) return;
    signInByLink(link)
      .then(setSession, (error: unknown) => setRefusal(reasonOf(error)))
      .finally(() => setBusy(false));
  }, [link]);
  if (session !== undefined) return <Shell session={session} onLeave={() => setSession(undefined)} />;
  if (isBusy) return <main class="lonely">Signing in …</main>;
  return <SignIn refusal={refusal} onSignedIn={setSession} />;
}

function Shell({ session, onLeave }: { readonly session: Session; readonly onLeave: () => void }): JSX.Element {
  const [first = 'inbox', ...rest] = useRoute();
  const place = first === 'changes' ? CHANGES : Object.hasOwn(PLACES, first) ? PLACES[first] : undefined;
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${place?.title ?? 'Not here'} · Nervous System`;
    main.current?.focus();
  }, [first, rest.join('/')]);
  const leave = (): void => {
    void signOut(session).then(onLeave);
  };
  return (
    <>
      <button class="skip" onClick={() => main.current?.focus()}>
        To the content
      </button>
      <header class="bar">
        <strong>Nervous System</strong>
        <nav aria-label="Console">
          {Object.entries(PLACES).map(([name, { title }]) => (
            <a key={name} href={addressOf(name)} aria-current={name === first ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <span class="who">
          {session.who.id} <button onClick={leave}>Sign out</button>
        </span>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {place === undefined ? <Problem reason="There is no such page." /> : place.show(session, rest)}
      </main>
    </>
  );
}
