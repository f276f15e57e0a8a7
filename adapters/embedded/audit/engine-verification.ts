/**
 * How an engine verifies itself for its callers: on threads of their own, bounded, and only as long as somebody waits. It
 * remembers, in its memory alone, what it verified and wrote of each chain.
 */
import type { EpochMs } from '../../../core/brands/index.ts';
import type { KnownChains, TrustedRoot } from '../../../core/ledger/index.ts';
import type { ChainVerifier, LedgerScope, Ports, VerifyRequest } from '../../../core/system/index.ts';
import { defined } from '../../../core/values/index.ts';
import type { FolderToVerify } from './entity-in-folder.ts';
import { verifyingThreads } from '../machine/give-way.ts';
import { auditThreads } from './integrity-monitor.ts';
import type { VerifyDataDirOptions } from './verify-data-dir.ts';
import { entityThreads, verifyEntityOnThreads, verifyPageOnThreads } from './verify-on-threads.ts';
import { systemClock } from '../machine/system-clock.ts';

export interface EngineVerification extends Required<Pick<Ports, 'verifyLog' | 'verifyScope' | 'verifyChains'>> {
  /** Ends what is under way. */
  close(): Promise<void>;
}

export function createEngineVerification(options: {
  readonly dataDir: string;
  readonly anchorsDir?: string | undefined;
  /** the key in use, from the engine's memory: the folder's own could have been changed with the rest */
  readonly root: TrustedRoot;
  readonly known: KnownChains;
}): EngineVerification {
  const { dataDir, anchorsDir, root, known } = options;
  const entities = entityThreads(verifyingThreads({ besideEngine: true }));
  const audits = auditThreads();
  const trusted = (): TrustedRoot => ({ name: root.name, publicKey: root.publicKey });
  const folder = (now: EpochMs): FolderToVerify => ({ dataDir, anchorsDir, root: trusted(), now });
  const verifyFolder = ({ signal, ...request }: VerifyRequest & { readonly scope: LedgerScope }) => {
    const wanted: VerifyDataDirOptions = {
      ...request,
      root: trusted(),
      ...defined({ anchorsDir }),
    };
    return audits.run({ dataDir, options: wanted }, signal);
  };
  const verifyChains: ChainVerifier = {
    entity: (entityId, { now, signal }) =>
      verifyEntityOnThreads({ threads: entities, folder: folder(now), known, signal }, entityId),
    page: (entityId, page) =>
      verifyPageOnThreads({ threads: entities, folder: folder(systemClock.now()) }, entityId, page),
  };
  return {
    verifyLog: (request) => verifyFolder({ ...request, scope: { mode: 'full' } }),
    verifyScope: verifyFolder,
    verifyChains,
    close: async () => {
      await Promise.all([entities.close(), audits.close()]);
    },
  };
}
