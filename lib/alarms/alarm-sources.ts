/** What the lists of watches are made from. */
import type { Change } from './change-watch.ts';
import type { Deployment, QueueNames } from '../deployment.ts';

export interface Watched {
  readonly deployment: Deployment;
  /** of the entry points, by name */
  readonly apiIds: Readonly<Record<string, string>>;
  readonly queueNames: QueueNames;
  /** of the rules that see changes of the system itself */
  readonly changeRules: Readonly<Record<Change, string>>;
}
