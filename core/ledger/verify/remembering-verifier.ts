/**
 * Verifies entries as everybody does, except those that this process knows already: they must have the hash that leads to what
 * it remembers, and a key that is still vouched for, and are not asked for their signatures again.
 */
import { toHex } from '../../canonical/index.ts';
import { readPlace, readSigner, type EntryPlace } from '../entries/entry-place.ts';
import type { KnownRun } from './known-chains.ts';
import type { StoredEntry } from '../entries/ports.ts';
import {
  checkHash,
  EntryVerifier,
  findingAt,
  type CheckedPlace,
  type EntryVerifierOptions,
  type VouchedKey,
} from './verify-entry.ts';

export class RememberingVerifier extends EntryVerifier {
  private readonly runs: readonly KnownRun[];
  private known = 0;

  /** @param runs of the one chain that it verifies */
  constructor(options: EntryVerifierOptions, runs: readonly KnownRun[]) {
    super(options);
    this.runs = runs;
  }

  /** entries that were not asked for their signatures */
  get remembered(): number {
    return this.known;
  }

  override checkLink(stored: StoredEntry): CheckedPlace | Promise<CheckedPlace> {
    const { seq, note } = stored;
    // First, and whatever else is asked of it: everything known before this entry rests on its hash.
    const finding = this.rewritten(stored);
    if (finding !== undefined) return { kind: 'bad', finding };
    const isKnown = this.runs.some((run) => run.from <= seq && seq <= run.seq);
    const place = isKnown ? readPlace(note) : undefined;
    const signer = place === undefined ? undefined : readSigner(note);
    if (place === undefined || signer === undefined) return this.checkEntry(stored);
    const key = this.keys.get(signer);
    return key === undefined
      ? this.keyNamed(signer).then((found) => this.checkKnown(stored, place, found))
      : this.checkKnown(stored, place, key);
  }

  private checkKnown(stored: StoredEntry, place: EntryPlace, key: VouchedKey): CheckedPlace | Promise<CheckedPlace> {
    if ('unusable' in key || key.revoked !== undefined) return this.checkEntry(stored);
    const finding = checkHash(stored) ?? this.misplaced(stored, place);
    if (finding !== undefined) return { kind: 'bad', finding };
    this.known += 1;
    return { kind: 'sound', body: place };
  }

  /** However right it looks by itself. */
  private rewritten(stored: StoredEntry): ReturnType<typeof checkHash> {
    const runs = this.runs.filter((one) => one.seq === stored.seq);
    const hash = runs.length === 0 ? '' : toHex(stored.hash);
    const run = runs.find((one) => one.hash !== hash);
    if (run === undefined) return undefined;
    return findingAt(stored, 'FORK', `this process knows it with the hash ${run.hash}, stored is another with ${hash}`);
  }
}
