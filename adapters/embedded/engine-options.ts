/** What an embedded engine can be told when it is started. */
import type { NervousConfig, SendMail } from '../../core/system/index.ts';
import type { Functions } from './bus/function-targets.ts';
import type { HttpWitnessOptions } from './log/http-witness.ts';
import type { Implementations } from './runtime/executors.ts';

export interface EngineOptions {
  readonly config: NervousConfig;
  /** folder for the ledger file, the root key and the tokens; created when absent */
  readonly dataDir: string;
  /** 0 (default): any free port; undefined with `http: false`: none */
  readonly port?: number;
  /** default 127.0.0.1 */
  readonly host?: string;
  /** HTTP connections at once, default 2,000 */
  readonly maxConnections?: number;
  /** false: no HTTP server, in-process use only */
  readonly http?: boolean;
  /** folder for the anchors; default: `anchors` in `dataDir`. Storage that this machine cannot change proves more */
  readonly anchorsDir?: string;
  /** a witness elsewhere, beside the one in the data folder */
  readonly witness?: HttpWitnessOptions;
  /** ms between checkpoints, default 1000 */
  readonly checkpointMs?: number;
  /** minutes between looks for tampering, default 10; 0: only when `audit` is called */
  readonly auditMinutes?: number;
  /** what subscriptions with `"target": {"kind": "function", "name": …}` deliver to, by name */
  readonly functions?: Functions;
  /** implementations of the executors that the configuration declares (docs/executors.md), by name */
  readonly executors?: Implementations;
  /** how mail about notices is sent (docs/notices.md); default: by `smtp`, or as files in `mail` in `dataDir` */
  readonly mail?: SendMail;
  /** the server that takes mail, `smtps://user:password@host:465`; needs `nodemailer` and `notices.from` */
  readonly smtp?: string;
  /** Told what whoever starts the engine should know, and need not act on. Default: written to standard error. */
  readonly onNotice?: (notice: string) => void;
  /** Told once when nothing more can be written by this process: close the engine, and start it anew. Default: `onError`. */
  readonly onUnwritable?: (error: Error) => void;
  /** Told about failures that no caller waits for. Default: written to standard error. */
  readonly onError?: (error: unknown) => void;
}
