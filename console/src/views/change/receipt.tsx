/**
 * What a voter keeps: the hashes that their vote binds to, the entry that records it, and the proof that the entry is in the log, which
 * `nervous verify proof` checks without this server.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DecideResult } from '../../../../core/changes/index.ts';
import { Hash, Problem, Time } from '../../parts/parts.tsx';
import { save } from '../../parts/save.ts';
import { reasonOf, type Session } from '../../session/session.ts';

export function Receipt({
  session,
  decided,
}: {
  readonly session: Session;
  readonly decided: DecideResult;
}): JSX.Element {
  const { vote, change, kind } = decided;
  const [failure, setFailure] = useState<string | undefined>();
  const name = `vote-${change.id}-${vote.seq}`;
  const keepProof = (): void => {
    session.client.proof(change.entityId, vote.seq).then(
      (bytes) => {
        setFailure(undefined);
        save(`${name}.proof`, new Uint8Array(bytes));
      },
      (error: unknown) => setFailure(reasonOf(error)),
    );
  };
  return (
    <section class="receipt" role="status">
      <h2>{kind === 'recorded' ? 'Your decision was recorded before' : 'Your decision is recorded'}</h2>
      <p>
        Entry #{vote.seq} of {change.entityId}, <Time at={vote.at} />. The change-set is {change.state}.
      </p>
      <Hash value={vote.hash} />
      <p class="buttons">
        <button onClick={() => save(`${name}.json`, JSON.stringify(receiptOf(session, decided), undefined, 2))}>
          Keep the receipt
        </button>
        <button onClick={keepProof}>Keep the proof</button>
      </p>
      <p class="quiet">The proof is there as soon as a checkpoint covers the entry, usually within seconds.</p>
      {failure === undefined ? null : <Problem reason={failure} />}
    </section>
  );
}

function receiptOf({ who }: Session, { vote, change }: DecideResult): object {
  const { id, entityId, title, revision, contentHash, assessmentHash } = change;
  return {
    ...{ service: location.origin, voter: who.personId ?? who.id, change: id, entityId, title },
    ...{ revision, contentHash, assessmentHash, entry: vote },
  };
}
