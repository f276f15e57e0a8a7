/** Our verifier and docs/verifier.py on one folder; a fault of either is an answer that the other does not give. */
import type { EpochMs } from '../../core/brands/index.ts';
import { verifyDataDir, verifyExport } from '../../adapters/embedded/index.ts';
import { NervousError } from '../../core/errors/index.ts';
import { parseVerifierKey, type VerificationReport } from '../../core/ledger/index.ts';
import { disagreement, type OurAnswer } from './compare.ts';
import { PythonVerifier, type PythonRequest } from './python-verifier.ts';
import { checked } from '../support/checked.ts';

/** Neither verifier may go on for ever about a folder that somebody prepared. */
const HANG_MS = 300_000;

export interface Compared {
  readonly verdict: string;
  /** of ours */
  readonly detail: string;
  readonly different: string | undefined;
}

export class TwoVerifiers {
  private readonly python: PythonVerifier;

  private constructor(python: PythonVerifier) {
    this.python = python;
  }

  static async start(): Promise<TwoVerifiers> {
    return new TwoVerifiers(await PythonVerifier.start());
  }

  stop(): void {
    this.python.stop();
  }

  /** @param vkeys of the root key; none: `root.vkey` of the folder */
  async dataDir(path: string, vkeys: readonly string[] = [], now = Date.now()): Promise<Compared> {
    const root = vkeys.map(parseVerifierKey)[0];
    return this.compared(verifyDataDir(path, { now: checked<EpochMs>(now), ...(root === undefined ? {} : { root }) }), {
      path,
      vkeys,
      now,
    });
  }

  /** One chain, and decisions and documents alone. @returns the first difference */
  async partsOf(path: string, entity: string, now = Date.now()): Promise<Compared> {
    const chain = await this.compared(verifyDataDir(path, { now: checked<EpochMs>(now), entity }), {
      path,
      now,
      entity,
    });
    if (chain.different !== undefined) return { ...chain, different: `of "${entity}":\n  ${chain.different}` };
    const verifying = verifyDataDir(path, { now: checked<EpochMs>(now), scope: { mode: 'state' } });
    const state = await this.compared(verifying, { path, now, state: true });
    return { ...state, different: state.different === undefined ? undefined : `of the state:\n  ${state.different}` };
  }

  async export(path: string, vkeys: readonly string[]): Promise<Compared> {
    return this.compared(verifyExport(path, { verifierKeys: vkeys }), { path, vkeys, now: Date.now() });
  }

  /** As `dataDir`. @throws Error where they differ */
  async compareDataDir(path: string, vkeys: readonly string[] = [], now = Date.now()): Promise<Compared> {
    return assertAgreed(await this.dataDir(path, vkeys, now));
  }

  async compareExport(path: string, vkeys: readonly string[]): Promise<Compared> {
    return assertAgreed(await this.export(path, vkeys));
  }

  private async compared(verifying: Promise<VerificationReport>, request: PythonRequest): Promise<Compared> {
    const ours = await inTime('our verifier', answerOf(verifying));
    const theirs = await inTime('docs/verifier.py', this.python.ask(request));
    const verdict = 'verdict' in ours ? ours.verdict : 'refused';
    const detail = 'verdict' in ours && ours.firstBad !== undefined ? JSON.stringify(ours.firstBad) : '';
    return { verdict, detail, different: disagreement(ours, theirs) };
  }
}

function assertAgreed(compared: Compared): Compared {
  if (compared.different !== undefined) throw new Error(`the verifiers do not agree:\n  ${compared.different}`);
  return compared;
}

async function answerOf(verifying: Promise<VerificationReport>): Promise<OurAnswer> {
  try {
    return await verifying;
  } catch (error) {
    return error instanceof NervousError ? { refused: error.message } : { crashed: String((error as Error).stack) };
  }
}

async function inTime<T>(who: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${who} hangs`)), HANG_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
