/**
 * The areas of core, and the tests beside test/<area> that are about them. `mirror`: in memory, in the same process; some ask through the
 * API, because that is where the area is asked. `engine`: with a whole engine, because what they show is what verification finds in its
 * files; they are asked last. core/system is left out: it wires, and the tests of the engines and of the API are its own.
 */
interface Area {
  readonly mirror: readonly string[];
  readonly engine: readonly string[];
}

export const AREAS: Readonly<Record<string, Area>> = {
  'core/canonical': { mirror: [], engine: [] },
  'core/changes': {
    mirror: [
      'test/authority/*.test.ts',
      'test/api/{change-sets,lifecycle-actions,entities}.test.ts',
      'test/attacks/{deciding,executing,executors,interface,roles}.test.ts',
      'test/core/system/map/graph.test.ts',
    ],
    engine: ['test/model/*.test.ts', 'test/e2e/erasure.test.ts'],
  },
  'core/events': {
    mirror: [
      'test/api/{cloud-events,contract-documents,contracts,events,guards,ingress,openapi,service,subscriptions}.test.ts',
      'test/core/system/{monitor/delivery-facts,feed/feed,feed/log-tail}.test.ts',
    ],
    engine: ['test/adapters/embedded/bus/*.test.ts', 'test/faults/*.test.ts', 'test/e2e/poison.test.ts'],
  },
  'core/guard': {
    mirror: ['test/api/{entry-point,events,guards}.test.ts', 'test/core/system/operations/entry-point.test.ts'],
    engine: ['test/e2e/protection.test.ts'],
  },
  'core/ledger': {
    mirror: ['test/api/log.test.ts', 'test/core/system/{feed/feed,feed/log-tail,map/map,verify/at-one-moment}.test.ts'],
    engine: [
      'test/adapters/embedded/audit/verify-entity.test.ts',
      'test/e2e/tamper*.test.ts',
      'test/e2e/export.test.ts',
      'test/e2e/witness.test.ts',
      'test/contract/*.test.ts',
    ],
  },
  'core/policy': {
    mirror: [
      'test/api/{change-sets,entry-point,events}.test.ts',
      'test/attacks/roles.test.ts',
      'test/core/system/operations/entry-point.test.ts',
    ],
    engine: ['test/e2e/config.test.ts', 'test/e2e/governance.test.ts'],
  },
};
