/** The bus of functions that record events and deliver none: hands what was recorded to EventBridge. */
import type { EventRelay } from '../../../core/events/index.ts';
import { DynamoRelayMarks } from '../relay/relay-marks.ts';
import { Relay } from '../relay/relay.ts';
import { eventBridgeClient } from './clients.ts';
import type { AwsBase } from './open-system.ts';
import { systemClock, systemIds } from '../request/system-clock.ts';

export function createRelayBus(env: { readonly BUS_PREFIX: string }, base: AwsBase): EventRelay {
  const {
    config: { ledger },
    client,
    store,
    stateTable,
    onError,
  } = base;
  const relay = new Relay({
    ...{ client: eventBridgeClient(), busPrefix: env.BUS_PREFIX, ledger, clock: systemClock, ids: systemIds, onError },
    marks: new DynamoRelayMarks({ client, stateTable, ledger, items: store }),
  });
  base.beforeAnswer(() => relay.flush());
  return { relay: (entries) => relay.add(entries) };
}
