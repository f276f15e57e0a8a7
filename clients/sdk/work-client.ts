/** Claims of work through the client. A claim that is asked for twice is one claim, so all of it is safe to repeat. */
import type {
  ClaimInput,
  Claimed,
  CompleteInput,
  ReleaseInput,
  RenewInput,
  StealInput,
  WorkPage,
  WorkView,
} from '../../core/work/index.ts';
import type { Transport } from './connection/transport.ts';
import { pathSegment } from './connection/paths.ts';

export interface WorkClient {
  /** Claims a piece of work, so that nobody else does it. Say the `fence` wherever you do something under the claim. */
  claim(input: ClaimInput): Promise<Claimed>;
  /** Begins a new term of the claim. */
  renew(input: RenewInput): Promise<Claimed>;
  /** Gives the work up, for others to claim. */
  release(input: ReleaseInput): Promise<WorkView>;
  /** Says that the work is done: nobody can claim it any more. */
  complete(input: CompleteInput): Promise<WorkView>;
  /** Takes the work from whoever holds it. It takes the right `steals`. */
  steal(input: StealInput): Promise<Claimed>;
  get(workId: string): Promise<WorkView>;
  /** Lists work that you may claim or read. A page may hold fewer than `limit` and still have a `next`. */
  list(query?: {
    readonly state?: WorkView['state'];
    readonly after?: string;
    readonly limit?: number;
  }): Promise<WorkPage>;
}

export function createWorkClient(call: Transport): WorkClient {
  const path = '/v1/work';
  const post = <Result>(verb: string, body: object): Promise<Result> =>
    call({ method: 'POST', path: `${path}/${verb}`, body, idempotent: true });
  return {
    claim: (input) => post('claim', input),
    renew: (input) => post('renew', input),
    release: (input) => post('release', input),
    complete: (input) => post('complete', input),
    steal: (input) => post('steal', input),
    get: (workId) => call({ method: 'GET', path: `${path}/${pathSegment(workId)}` }),
    list: (query = {}) => call({ method: 'GET', path, query: { ...query } }),
  };
}
