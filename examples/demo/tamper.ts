/** What an attacker in the demo does: replays somebody's decision, and edits the database file directly. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EntryPage, ProblemDetails } from '../../api/index.ts';
import { ApiProblem } from '../../clients/sdk/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';

interface Replay {
  readonly url: string;
  readonly token: string | undefined;
  readonly change: ChangeView;
  readonly entries: EntryPage;
}

/** Takes the nonce of the vote that stands in the chain; the client would choose a new one. */
export async function decideWithCopiedNonce({ url, token, change, entries }: Replay): Promise<void> {
  const vote = entries.entries.find(({ body }) => body.type === 'change.voted');
  const { nonce } = vote?.body.data as { nonce: string };
  const { id, revision, contentHash, assessmentHash } = change;
  const response = await fetch(`${url}/v1/change-sets/${id}/decisions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ revision, contentHash, assessmentHash, decision: 'approve', nonce }),
  });
  if (!response.ok) throw new ApiProblem((await response.json()) as ProblemDetails);
}

/** Makes the first digit of the entry's amount a 9. @returns what was done, in words */
export function flipStoredByte(dataDir: string, entity: string, seq: number): string {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'));
  try {
    const row = db.prepare('SELECT note FROM entries WHERE chain = ? AND seq = ?').get(entity, seq);
    const note = Buffer.from(row?.['note'] as Uint8Array);
    const at = note.indexOf('"3200.00"') + 1;
    note[at] = '9'.charCodeAt(0);
    db.prepare('UPDATE entries SET note = ? WHERE chain = ? AND seq = ?').run(note, entity, seq);
    return `byte ${at} of link #${seq} of ${entity}: 3200.00 is now ${note.toString('utf8', at, at + 7)}`;
  } finally {
    db.close();
  }
}
