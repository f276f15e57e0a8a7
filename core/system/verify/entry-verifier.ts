/** Who may sign what: the ledger's verifier of entries, given the rules of change-sets. */
import { ROOT_SIGNED_TYPES, STEP_TYPES } from '../../changes/index.ts';
import {
  EntryVerifier,
  MAX_REVOCATIONS,
  MAX_ROTATIONS,
  ROOT_CHAIN,
  type EntryStore,
  type EntryVerifierOptions,
  type RootSigner,
} from '../../ledger/index.ts';

const STEPS: ReadonlySet<string> = new Set(STEP_TYPES);

/** The verifier every engine and tool uses: session keys are looked up in the ledger and trusted through the root key. */
export function createEntryVerifier(options: VerifierSources): EntryVerifier {
  return new EntryVerifier(entryVerifierOptions(options));
}

export interface VerifierSources {
  readonly ledger: string;
  readonly root: Pick<RootSigner, 'name' | 'publicKey'>;
  readonly entries: Pick<EntryStore, 'read'>;
  readonly signatures: boolean;
}

export function entryVerifierOptions(options: VerifierSources): EntryVerifierOptions {
  const { ledger, root, entries, signatures } = options;
  const certificate = async (name: string): Promise<Awaited<ReturnType<EntryStore['head']>>> =>
    (await entries.read(name, 0, 1))[0];
  return {
    ledger,
    root,
    signatures,
    rootSigned: (type) => ROOT_SIGNED_TYPES.has(type),
    steps: STEPS,
    certificate,
    revocations: (name) => entries.read(name, 1, MAX_REVOCATIONS),
    rotations: () => entries.read(ROOT_CHAIN, 0, MAX_ROTATIONS),
  };
}
