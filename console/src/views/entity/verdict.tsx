/** What this browser verified of a history, in words, and what it did not. Only what was verified stands under "Verified". */
import type { JSX } from 'preact';
import { Line, Time } from '../../parts/parts.tsx';
import type { ChainVerdict } from '../../verify/chain.ts';
import type { Place } from '../../verify/in-log.ts';
import type { VerifiedHistory } from './verified-history.ts';

export function Verdict({ verdict, placed }: VerifiedHistory): JSX.Element {
  if (verdict.kind !== 'verified') return <Unverified {...verdict} />;
  if (isDoubted(placed)) return <Unverified kind={placed.kind} seq={placed.seq} reason={placed.reason} sound={0} />;
  const { sound } = verdict;
  return (
    <div class="verdict good" data-verdict="verified">
      <strong>Verified by this browser:</strong>
      <ul data-checked>
        <li>
          {sound} {sound === 1 ? 'entry' : 'entries'}: their bytes, canonical form, hashes, links from the first on, and
          signatures up to the root key that this page was given
        </li>
        {placed?.kind === 'placed' ? <InLog {...placed} seq={placed.seq} /> : null}
      </ul>
      <NotChecked sound={sound} placed={placed} />
    </div>
  );
}

/** Entries whose place is wrong, or strangely not shown, are none that this page calls verified. */
export function isDoubted(
  placed: VerifiedHistory['placed'] | undefined,
): placed is Exclude<NonNullable<VerifiedHistory['placed']>, { kind: 'placed' }> {
  return placed?.kind === 'refused' || (placed?.kind === 'unknown' && placed.isStrange === true);
}

function Unverified({ kind, sound, seq, reason }: ChainVerdict): JSX.Element {
  const isBad = kind === 'refused';
  return (
    <div class={`verdict ${isBad ? 'bad' : 'unknown'}`} role="alert" data-verdict={kind}>
      <strong>{isBad ? 'This history is not what was recorded.' : 'Not verified here.'}</strong>{' '}
      {seq === undefined ? null : `Entry #${seq}: `}
      {reason === undefined ? null : <Line text={reason} />}
      {sound > 0 ? <p>The {sound} before it hold.</p> : null}
    </div>
  );
}

type InLogPlace = Extract<Place, { kind: 'placed' }> & { readonly seq: number };

function InLog({ seq, index, checkpoint, continued }: InLogPlace): JSX.Element {
  return (
    <>
      <li>
        entry #{seq}, and by its hash those before it, is in the log: at index {index} of the {checkpoint.size} entries
        of a checkpoint that the root key signed
        {continued > 0 ? ', which continues what this page saw of the log before' : ''}
      </li>
      {checkpoint.cosigned.map(({ witness, at }) => (
        <li key={witness} data-witness={witness}>
          witness <Line text={witness} /> saw this checkpoint, <Time at={new Date(at).toISOString()} />, and a log that
          grew and changed in nothing until then
        </li>
      ))}
    </>
  );
}

interface NotCheckedProps {
  readonly sound: number;
  readonly placed: VerifiedHistory['placed'] | undefined;
}

function NotChecked({ sound, placed }: NotCheckedProps): JSX.Element {
  const isPlaced = placed?.kind === 'placed';
  const later = isPlaced ? sound - 1 - placed.seq : 0;
  return (
    <>
      <p>Not verified here:</p>
      <ul data-unchecked>
        {placed?.kind === 'unknown' ? (
          <li>
            its place in the log: <Line text={placed.reason} />
          </li>
        ) : null}
        {later > 0 ? <li>the place of the newest {later} in the log: the checkpoint does not cover them yet</li> : null}
        {isPlaced && placed.checkpoint.cosigned.length > 0 ? null : (
          <li>a witness: none that this page was told of has cosigned the checkpoint</li>
        )}
        <li>whether later entries were left out that this page never saw</li>
        <li>
          who was entitled to decide (<code>nervous verify</code> does that)
        </li>
      </ul>
    </>
  );
}
