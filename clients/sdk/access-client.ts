/** The access journal through the client: who read what, and who was refused what. */
import type { AccessPage } from '../../core/system/index.ts';
import type { Transport } from './connection/transport.ts';

export interface AccessClient {
  /** Lists who read what, and who was refused what, oldest first. For auditors. Each page is journaled, too. */
  access(query?: AccessQuery): Promise<AccessPage>;
}

/** Filters add up. Times: RFC 3339, or how long ago (`15m`, `7d`). */
export interface AccessQuery {
  /** a person, who answers for an agent, or the id of an account */
  readonly person?: string;
  readonly entity?: string;
  readonly since?: string;
  readonly until?: string;
  /** true: what was refused; false: what was not */
  readonly refused?: boolean;
  /** `cursor` of the page before */
  readonly after?: string;
  readonly limit?: number;
}

export function createAccessClient(call: Transport): AccessClient {
  return {
    access: ({ refused, ...query } = {}) => {
      const what = refused === undefined ? {} : { refused: String(refused) };
      return call({ method: 'GET', path: '/v1/access', query: { ...query, ...what } });
    },
  };
}
