/**
 * Proposes from CI, and waits for what people decide. Exit code 0: approved and recorded. 1: rejected, withdrawn or too late.
 * Run it again for the same commit, and it waits for the same change-set.
 */
import { setTimeout } from 'node:timers/promises';
import { createClient, type Client } from 'nervous-system/sdk';

/** In these nothing happens any more; a `draft` waits for a revision, and the job with it. */
const ENDED: ReadonlySet<string> = new Set([
  ...['executed', 'failed', 'rolled_back', 'rollback_failed', 'rejected', 'cancelled', 'expired'],
]);

export interface Release {
  readonly repository: string;
  readonly commit: string;
  /** where a reader finds what will be released */
  readonly url: string;
}

interface Waiting {
  readonly pollMs: number;
  readonly timeoutMs: number;
  readonly say: (line: string) => void;
}

export async function approval(
  ci: Client,
  release: Release,
  { pollMs, timeoutMs, say }: Waiting,
): Promise<'approved' | 'not approved'> {
  const { repository, commit, url } = release;
  const proposal = {
    entityId: `release:${repository}`,
    title: `Release ${commit.slice(0, 12)}`,
    rationale: `CI passed: ${url}`,
    operations: [{ type: 'state.put', payload: { commit } }],
  };
  const { change } = await ci.propose(proposal, { idempotencyKey: `release-${repository}-${commit}` });
  say(`${change.id} is ${change.state}: nervous changes approve ${change.id}`);
  const until = Date.now() + timeoutMs;
  let { state } = change;
  while (!ENDED.has(state) && Date.now() < until) {
    await setTimeout(pollMs);
    ({ state } = await ci.changeSet(change.id));
  }
  say(`${change.id} is ${state}`);
  return state === 'executed' ? 'approved' : 'not approved';
}

if (import.meta.main) {
  const {
    NERVOUS_URL = '',
    NERVOUS_TOKEN = '',
    GITHUB_REPOSITORY = '',
    GITHUB_SHA = '',
    GITHUB_SERVER_URL = '',
  } = process.env;
  const ci = createClient({ url: NERVOUS_URL, token: NERVOUS_TOKEN });
  const url = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/commit/${GITHUB_SHA}`;
  const release = { repository: GITHUB_REPOSITORY.replace('/', '-'), commit: GITHUB_SHA, url };
  const outcome = await approval(ci, release, { pollMs: 10_000, timeoutMs: 3_600_000, say: console.log });
  process.exitCode = outcome === 'approved' ? 0 : 1;
}
