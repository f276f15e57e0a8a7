/** For whoever came without a link: says how to get one, and takes a token. */
import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Problem } from '../parts/parts.tsx';
import { reasonOf, signInByToken, type Session } from '../session/session.ts';

interface SignInProps {
  readonly refusal: string | undefined;
  readonly onSignedIn: (session: Session) => void;
}

export function SignIn({ refusal, onSignedIn }: SignInProps): JSX.Element {
  const [token, setToken] = useState('');
  const [vkey, setVkey] = useState('');
  const [failure, setFailure] = useState(refusal);
  const submit = (event: Event): void => {
    event.preventDefault();
    signInByToken(token.trim(), { vkey: vkey.trim() === '' ? undefined : vkey.trim() }).then(
      onSignedIn,
      (error: unknown) => setFailure(reasonOf(error)),
    );
  };
  return (
    <main class="lonely">
      <h1>Nervous System</h1>
      <p>
        <code>nervous console --as &lt;you&gt; --data &lt;dir&gt;</code> prints a link that signs you in.
      </p>
      {failure === undefined ? null : <Problem reason={failure} />}
      <form onSubmit={submit}>
        <label>
          Or paste your token
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        <label>
          Root key to verify with, from somewhere other than this server (optional)
          <input autocomplete="off" value={vkey} onInput={({ currentTarget }) => setVkey(currentTarget.value)} />
        </label>
        <button class="main">Sign in</button>
      </form>
      <p class="quiet">The token stays in this page's memory. Reloading the page signs you out.</p>
    </main>
  );
}
