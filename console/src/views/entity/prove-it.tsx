/**
 * A file that proves one entry to anybody: the C2SP tlog-proof of the entry, its place and the signed checkpoint, which this browser verified before it
 * hands it over, and which `nervous verify proof` and docs/verifier.py verify without this server.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { EntryView } from '../../../../core/system/index.ts';
import { Line } from '../../parts/parts.tsx';
import { save } from '../../parts/save.ts';
import type { Session } from '../../session/session.ts';
import { proveEntry } from './verified-history.ts';

interface ProveItProps {
  readonly session: Session;
  readonly entity: string;
  readonly entry: EntryView;
}

export function ProveIt({ session, entity, entry }: ProveItProps): JSX.Element {
  const [outcome, setOutcome] = useState<string | undefined>();
  const prove = (): void => {
    setOutcome(undefined);
    void proveEntry(session, entity, entry).then(({ place, proof }) => {
      if (place.kind !== 'placed') setOutcome(`Not proven: ${place.reason}`);
      if (place.kind !== 'placed' || proof === undefined) return;
      save(`${entity.replaceAll(/[^A-Za-z0-9._-]/g, '-')}-${entry.seq}.proof`, new Uint8Array(proof));
      setOutcome(`Proven: at index ${place.index} of ${place.checkpoint.size}.`);
    });
  };
  return (
    <p>
      <button onClick={prove} aria-label={`Prove entry #${entry.seq}`}>
        Prove it
      </button>{' '}
      {outcome === undefined ? null : (
        <span role="status">
          <Line text={outcome} />
        </span>
      )}
    </p>
  );
}
