/** What conditional subscriptions look at, as a part of the function that delivers to them. */
import type { ReadFacts } from '../../../core/events/index.ts';
import { createReadFacts } from '../../../core/system/index.ts';
import type { AwsBase } from './open-system.ts';

export function readFacts({ config: { ledger }, store: items, policy }: AwsBase): ReadFacts {
  return (...asked) => createReadFacts({ ledger, items, policy: policy() })(...asked);
}
