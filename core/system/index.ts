export { approvalTopics } from '../changes/index.ts';
export { sensitive } from '../events/index.ts';
export { ConfigError, defineConfig, type ConfigInput, type NervousConfig } from './config.ts';
export { assembleSystem, type BuiltSystem } from './assemble-system.ts';
export type { ChainVerifier, FullVerification, Ports } from './ports.ts';
export { createEntryVerifier, entryVerifierOptions } from './entry-verifier.ts';
export {
  concludeEntity,
  joinLinks,
  openMembership,
  readEntityPoints,
  verifyEntity,
  verifyLinks,
  type Concluding,
  type EntityLinks,
  type EntityVerification,
} from './verify-entity.ts';
export { verifyPage } from './verify-page.ts';
export { indexForReplay, replayLog, type AuthoritySources, type ReplayCursor } from './verify-authority.ts';
export { verifyPart } from './verify-part.ts';
export { createFeed, type FeedDependencies } from './feed.ts';
export { createPublicLog, type PublicLogDependencies } from './public-log.ts';
export { isSealed, verifyFields, type FieldSources } from './verify-fields.ts';
export { verifyDocuments, verifyState, type DocumentSources, type DocumentsProgress } from './verify-documents.ts';
export { createDoor, FAULTS, type Call, type Execute, type Pass, type Passage } from './door.ts';
export { Metrics, type OperationMetrics, type Outcome, type Outcomes } from './metrics.ts';
export {
  DEGRADED_P95_MS,
  ERROR_RATE,
  ERROR_RATE_HIGH,
  PUBLISHED_EVENTS,
  RESPONSE_TIME,
  SUCCESS_RATE,
  type Alarms,
} from './performance.ts';
export { USE_CASES, type UseCase, type UseCaseName } from './use-case-table.ts';
export { CursorGone, SystemError, type SystemErrorCode } from './errors.ts';
export type {
  Entities,
  EntityView,
  EntryVerdict,
  EntryView,
  EventTrace,
  Feed,
  FeedBatch,
  FeedFilter,
  FeedItem,
  LedgerScope,
  MonitorReport,
  NervousSystem,
  PublicLogView,
  ValidationReport,
  VerifyRequest,
} from './nervous-system.ts';
export { createMayRead, createReadFacts } from './delivery-facts.ts';
export { createNervousSystem } from './create-nervous-system.ts';
export {
  changing,
  deciding,
  governing,
  ingesting,
  mapping,
  proposing,
  publishing,
  reading,
  subscribing,
  verifying,
  working,
  type UseCases,
} from './use-cases.ts';
export { mapDot, mapMermaid } from './map-graph.ts';
export type { MapLoop } from './map-loops.ts';
export { MAX_OBSERVED } from './map-view.ts';
export type { MapKind, MapReport } from './map.ts';
export { topicReference } from './topic-reference.ts';
export { OPEN_METRICS, openMetrics, PROMETHEUS_TEXT, prometheusText, type MetricFamily } from './exposition.ts';
export { metricFamilies } from './metric-families.ts';
