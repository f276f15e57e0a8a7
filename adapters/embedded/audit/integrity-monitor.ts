/**
 * Checks every few minutes whether somebody changed the ledger behind the engine's back: what is new each time, everything
 * once a day. It reports a finding, records it as `tamper.observed`, and shows it until everything verifies again. It repairs
 * nothing.
 */
import { isoOf, type EpochMs } from '../../../core/brands/index.ts';
import {
  tamperKey,
  tamperRecord,
  type Appender,
  type Clock,
  type Finding,
  type TrustedRoot,
  type VerificationReport,
} from '../../../core/ledger/index.ts';
import { defined, MS_PER_MINUTE } from '../../../core/values/index.ts';
import type { AuditJob } from './audit-thread.ts';
import { EngineError } from '../machine/errors.ts';
import { JobThreads } from './job-threads.ts';
import type { VerifyDataDirOptions } from './verify-data-dir.ts';

export const AUDIT_MINUTES = 10;
/** What is new is looked at every time; what is old may be changed too, so now and then everything is. */
const FULL_EVERY_MS = 24 * 60 * MS_PER_MINUTE;

export interface IntegrityMonitorOptions {
  readonly dataDir: string;
  readonly anchorsDir?: string;
  /** in memory since the start: the folder's own could have been changed with the rest */
  readonly root: TrustedRoot;
  readonly appender: Pick<Appender, 'append'>;
  readonly clock: Clock;
  /** 0: only when asked */
  readonly intervalMs: number;
  /** Told of every new finding, and of looks that fail. Must not throw. */
  readonly onError: (error: unknown) => void;
}

export interface IntegrityStatus {
  readonly ok: boolean;
  readonly detail: string;
}

export interface IntegrityMonitor {
  /** Looks now, after the look under way. @param full everything, not only what is new since the last look */
  audit(full?: boolean): Promise<VerificationReport>;
  status(): IntegrityStatus;
  /** What somebody else found, on the way. Never throws. */
  tell(finding: Finding): void;
  stop(): Promise<void>;
}

/** One at a time: each has the cores to itself, and begins threads of its own. */
export function auditThreads(): JobThreads<AuditJob, VerificationReport> {
  return new JobThreads(new URL('./audit-thread.ts', import.meta.url), 1);
}

export function startIntegrityMonitor(options: IntegrityMonitorOptions): IntegrityMonitor {
  const monitor = new Monitor(options);
  const { clock, intervalMs, onError } = options;
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(intervalMs, stopped.signal);
      if (stopped.signal.aborted) return;
      await monitor.audit().catch(onError);
    }
  };
  const running = intervalMs > 0 ? run() : Promise.resolve();
  return {
    audit: (full) => monitor.audit(full),
    status: () => monitor.status(),
    tell: (finding) => monitor.tell(finding),
    stop: async () => {
      stopped.abort();
      await monitor.stop();
      await running;
    },
  };
}

class Monitor {
  private readonly options: IntegrityMonitorOptions;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly threads = auditThreads();
  private readonly telling = new Set<Promise<void>>();
  /** the checkpoint that everything before was found to lead to: never read from the folder again */
  private audited: string | undefined;
  private fullAt = -Infinity;
  private finding: Finding | undefined;
  private auditedAt: EpochMs | undefined;

  constructor(options: IntegrityMonitorOptions) {
    this.options = options;
  }

  audit(full = false): Promise<VerificationReport> {
    const auditing = this.turn.then(() => this.runAudit(full));
    this.turn = auditing.catch(() => undefined);
    return auditing;
  }

  status(): IntegrityStatus {
    if (this.finding !== undefined) return { ok: false, detail: describe(this.finding) };
    if (this.auditedAt === undefined) return { ok: true, detail: 'nothing was audited yet' };
    return { ok: true, detail: `nothing found at ${isoOf(this.auditedAt)}` };
  }

  tell(finding: Finding): void {
    // Not now: who found it may be in the middle of a transaction.
    const told = Promise.resolve()
      .then(() => this.raise(finding))
      .finally(() => this.telling.delete(told));
    this.telling.add(told);
  }

  async stop(): Promise<void> {
    await this.threads.close();
    await Promise.all(this.telling);
    await this.turn;
  }

  private async runAudit(asked: boolean): Promise<VerificationReport> {
    const now = this.options.clock.now();
    const { audited } = this;
    // After a finding everything is looked at, until it is gone.
    const full = asked || audited === undefined || this.finding !== undefined || now - this.fullAt >= FULL_EVERY_MS;
    const report = await this.verify(full ? undefined : audited);
    this.auditedAt = now;
    if (report.firstBad !== undefined) {
      await this.raise(report.firstBad);
      return report;
    }
    this.finding = undefined;
    this.audited = report.checkpoint ?? audited;
    if (full) this.fullAt = now;
    return report;
  }

  private verify(since: string | undefined): Promise<VerificationReport> {
    const { dataDir, anchorsDir, root } = this.options;
    const remembered = since ?? this.audited;
    const options: VerifyDataDirOptions = {
      root: { name: root.name, publicKey: root.publicKey },
      scope: { mode: since === undefined ? 'full' : 'since' },
      // Everything, too, must go on from what was seen before: a ledger put back to an older state verifies by itself.
      ...(remembered === undefined ? {} : { remembered: Buffer.from(remembered) }),
      ...defined({ anchorsDir }),
    };
    return this.threads.run({ dataDir, options });
  }

  private async raise(finding: Finding): Promise<void> {
    const isKnown = this.finding !== undefined && tamperKey(this.finding) === tamperKey(finding);
    this.finding = finding;
    if (isKnown) return;
    const { onError, appender } = this.options;
    // First: an alarm must not wait for anything that can fail.
    onError(new EngineError({ code: 'DATA_TAMPERED', message: describe(finding) }));
    try {
      await appender.append(tamperRecord(finding, 'tamper-watch'));
    } catch (error) {
      onError(error);
    }
  }
}

function describe({ verdict, entity, seq, detail }: Finding): string {
  return `${verdict} at "${entity}" #${seq}: ${detail}: keep the folder as it is, and see docs/auditing.md`;
}
