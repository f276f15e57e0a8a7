/** A Sealer on the calling thread: a function's share of one core is too small to hand work to a second thread. */
import { sealRun, type Sealer } from '../../../core/ledger/index.ts';

export const localSealer: Sealer = {
  seal: async (runs, signer) => runs.map(({ prev, seq, run }) => sealRun({ prev, seq }, run, signer)),
};
