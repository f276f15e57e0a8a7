/**
 * From requests to signed entries: groups a batch by chain, has each run sealed, and gives every request its entries
 * back. Entries that decide something get the root signature beside the session key's, so their runs are sealed here.
 */
import { toHex } from '../../canonical/index.ts';
import { entryText, sealText, type EntryDraft, type PreparedEntry, type SealedEntry } from '../entries/entry.ts';
import type { Head, HeadCache } from './head-cache.ts';
import type { RootSigner, RunToSeal, Sealer } from '../entries/ports.ts';
import type { SessionKey } from './session-key.ts';
import { noteKeyId, rootMessage, signatureLine, signText } from '../notes/signed-note.ts';

/** What of a request matters for sealing. */
export interface Sealable {
  readonly prepared: readonly PreparedEntry[];
  readonly request: { readonly entries: readonly { readonly chain: string; readonly draft: EntryDraft }[] };
}

export interface Run extends RunToSeal {
  readonly chain: string;
  readonly run: PreparedEntry[];
  readonly drafts: EntryDraft[];
  /** which request and which of its entries each of the run is */
  readonly slots: { readonly request: number; readonly entry: number }[];
}

/** One run per chain, in batch order. */
export async function planRuns(batch: readonly Sealable[], known: Pick<HeadCache, 'get'>): Promise<Run[]> {
  // All heads at once: where they are far away, asking for one after the other would take as long as all of them together.
  const chains = new Set(batch.flatMap(({ request }) => request.entries.map(({ chain }) => chain)));
  const heads = new Map(
    await Promise.all(Array.from(chains, async (chain) => [chain, await known.get(chain)] as const)),
  );
  const runs = new Map<string, Run>();
  for (const [
    request,
    {
      prepared,
      request: { entries },
    },
  ] of batch.entries()) {
    for (const [entry, { chain, draft }] of entries.entries()) {
      let run = runs.get(chain);
      if (run === undefined)
        runs.set(chain, (run = { chain, ...(heads.get(chain) as Head), run: [], drafts: [], slots: [] }));
      run.run.push(prepared[entry] as PreparedEntry);
      run.drafts.push(draft);
      run.slots.push({ request, entry });
    }
  }
  return [...runs.values()];
}

export interface SealingKeys {
  readonly sealer: Sealer;
  readonly rootSigner: RootSigner;
  readonly signer: SessionKey;
  /** see Sealer.seal */
  readonly callerIsIdle: boolean;
}

/** Sealed entries per run, in run order. */
export async function sealRuns(runs: readonly Run[], keys: SealingKeys): Promise<readonly (readonly SealedEntry[])[]> {
  const decides = runs.map(({ drafts }) => drafts.some((draft) => draft.rootSigned === true));
  // The sealer first: it may work on another core while this one signs with the root key.
  const bySession = keys.sealer.seal(
    runs.filter((_, i) => decides[i] === false),
    keys.signer,
    keys.callerIsIdle,
  );
  const byRoot = Promise.all(runs.filter((_, i) => decides[i]).map((run) => sealWithRoot(run, keys)));
  const [session, root] = (await Promise.all([bySession, byRoot])).map((sealed) => [...sealed]);
  return decides.map((isRoot) => (isRoot ? root?.shift() : session?.shift()) ?? []);
}

/** Seals a run in which some entries carry the root signature after the session key's. */
async function sealWithRoot(run: Run, { signer, rootSigner }: SealingKeys): Promise<SealedEntry[]> {
  const sealed: SealedEntry[] = [];
  let { prev, seq } = run;
  for (const [i, prepared] of run.run.entries()) {
    const text = entryText(prepared, prev, seq);
    let lines = signatureLine(signer.name, signer.keyId, signText(signer, text));
    const draft = run.drafts[i];
    if (draft?.rootSigned === true) {
      const message = rootMessage(text);
      for (const root of draft.roots ?? [rootSigner])
        lines += signatureLine(root.name, noteKeyId(root.name, root.publicKey), await root.sign(message));
    }
    const entry = sealText(text, lines);
    sealed.push(entry);
    prev = toHex(entry.hash);
    seq += 1;
  }
  return sealed;
}
