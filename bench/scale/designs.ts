/** The deployments that are compared, and the load on them: as it is, the same with every quota raised that AWS raises, and the two of ADR 0028. */
import { DEPLOYED, LIMITS } from './limits.ts';

export interface Design {
  readonly name: string;
  /** whose events are told apart by entity: each with its own tables, log and sequencer */
  readonly ledgers: number;
  /** parts of one log, each with its table, stream and sequencer; merged by one writer when there are several */
  readonly lanes: number;
  /** quotas of the account and of a table, times this */
  readonly raised: number;
  /** requests a second that the API takes */
  readonly requestsPerSecond: number;
  /** ms between two merges */
  readonly mergeMs: number;
}

export interface Load {
  readonly perSecond: number;
  /** of a request */
  readonly events: number;
  readonly seconds: number;
  readonly seed: number;
  /** of all events, those of the busiest entity */
  readonly hottest: number;
}

const TODAY: Design = {
  ...{ name: 'today', ledgers: 1, lanes: 1, raised: 1, mergeMs: 0 },
  requestsPerSecond: DEPLOYED.requestsPerSecond,
};
/** What has to be asked of AWS for 100,000 events a second: PutEvents, invocations of rules, Lambda and tables. */
const RAISED = 12;
const raised = { ...TODAY, raised: RAISED, requestsPerSecond: LIMITS.apiRequestsPerSecond * RAISED };
const PARTS = 40;

export const DESIGNS: readonly Design[] = [
  TODAY,
  { ...raised, name: 'quotas raised' },
  { ...raised, name: `${PARTS} ledgers`, ledgers: PARTS },
  { ...raised, name: `${PARTS} lanes`, lanes: PARTS, mergeMs: 250 },
];
