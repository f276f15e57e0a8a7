/**
 * Deciding, by mouse or by the keys A, R and C: a dialog says once more what the vote is about, takes a reason, and sends it. Where the browser
 * found anything else than the hashes say, there is nothing to press.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChangeView, DecideResult, DecisionInput } from '../../../../core/changes/index.ts';
import { Hash, Level, Line, Problem } from '../../parts/parts.tsx';
import { reasonOf, type Session } from '../../session/session.ts';
import type { ShownVerdict } from '../../verify/shown.ts';
import { castVote } from './cast-vote.ts';

type Decision = DecisionInput['decision'];

interface DecideProps {
  readonly session: Session;
  readonly change: ChangeView;
  readonly verdict: ShownVerdict;
  readonly onDecided: (result: DecideResult) => void;
  /** the service says that it is not as shown any more */
  readonly onStale: () => void;
}

const CHOICES: readonly { readonly decision: Decision; readonly key: string; readonly label: string }[] = [
  { decision: 'approve', key: 'a', label: 'Approve' },
  { decision: 'reject', key: 'r', label: 'Reject' },
  { decision: 'request-changes', key: 'c', label: 'Comment: ask for changes' },
];

export function Decide(props: DecideProps): JSX.Element | null {
  const { change, verdict } = props;
  const [decision, setDecision] = useState<Decision | undefined>();
  const ballots = change.mayVoteAs ?? [];
  const isOpen = change.state === 'pending' && ballots.length > 0 && verdict.problems.length === 0;
  useEffect(() => (isOpen ? listenForKeys(setDecision) : undefined), [isOpen]);
  if (change.state !== 'pending') return null;
  if (!isOpen)
    return (
      <section>
        <h2>Your decision</h2>
        <p>
          {verdict.problems.length > 0
            ? 'Not offered: what is shown is not what a vote would bind to.'
            : whyNot(change)}
        </p>
      </section>
    );
  return (
    <section class="decide">
      <h2>Your decision</h2>
      <p class="buttons">
        {CHOICES.map(({ decision: one, key, label }) => (
          <button
            key={one}
            class={one === 'approve' ? 'main' : ''}
            aria-keyshortcuts={key}
            onClick={() => setDecision(one)}
          >
            {label} <kbd>{key.toUpperCase()}</kbd>
          </button>
        ))}
      </p>
      {decision === undefined ? null : (
        <Confirm {...props} decision={decision} onClose={() => setDecision(undefined)} />
      )}
    </section>
  );
}

function whyNot({ mayNotVote }: ChangeView): string {
  return mayNotVote === undefined ? 'It is not yours to make.' : mayNotVote.message;
}

/** @returns what ends it */
function listenForKeys(choose: (decision: Decision) => void): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select, dialog *');
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const choice = CHOICES.find(({ key }) => key === event.key.toLowerCase());
    if (choice === undefined) return;
    event.preventDefault();
    choose(choice.decision);
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

function Confirm(props: DecideProps & { readonly decision: Decision; readonly onClose: () => void }): JSX.Element {
  const { session, change, decision, onClose, onDecided, onStale } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const ballots = change.mayVoteAs ?? [];
  const [reason, setReason] = useState('');
  const [voter, setVoter] = useState(0);
  const [failure, setFailure] = useState<string | undefined>();
  const [isSending, setSending] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const send = (event: Event): void => {
    event.preventDefault();
    setSending(true);
    const ballot = ballots[voter];
    const onBehalfOf = ballot?.delegation === undefined ? undefined : ballot.personId;
    castVote(session, change, { decision, reason, onBehalfOf }).then(
      (result) => {
        onClose();
        onDecided(result);
      },
      (error: unknown) => {
        setSending(false);
        setFailure(reasonOf(error));
        onStale();
      },
    );
  };
  const label = CHOICES.find((one) => one.decision === decision)?.label ?? decision;
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <form onSubmit={send}>
        <h3 id="confirm-title">{label}</h3>
        <p>
          <Level level={change.risk?.level} /> <Line text={change.title} /> on <Line text={change.entityId} />, revision{' '}
          {change.revision}
        </p>
        <BoundTo change={change} />
        <Voter ballots={ballots} chosen={voter} onChoose={setVoter} />
        <label>
          Reason{decision === 'approve' ? ' (optional)' : ''}
          <textarea
            rows={3}
            required={decision !== 'approve'}
            value={reason}
            autoFocus={decision !== 'approve'}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
        {failure === undefined ? null : <Problem reason={failure} />}
        <p class="buttons">
          <button class="main" disabled={isSending} autoFocus={decision === 'approve'}>
            {label}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}

function BoundTo({ change: { contentHash, risk } }: Pick<DecideProps, 'change'>): JSX.Element {
  return (
    <>
      <Hash value={contentHash} />
      {risk?.assertion === undefined ? null : <p>Your passkey signs it: your browser asks for it next.</p>}
    </>
  );
}

interface VoterProps {
  readonly ballots: NonNullable<ChangeView['mayVoteAs']>;
  readonly chosen: number;
  readonly onChoose: (chosen: number) => void;
}

function Voter({ ballots, chosen, onChoose }: VoterProps): JSX.Element | null {
  if (ballots.length < 2) return null;
  return (
    <label>
      Whose vote
      <select value={chosen} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
        {ballots.map(({ personId, delegation }, i) => (
          <option key={personId} value={i}>
            {delegation === undefined ? 'Your own' : `That of ${personId}`}
          </option>
        ))}
      </select>
    </label>
  );
}
