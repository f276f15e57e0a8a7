export { approvalTopics } from '../changes/index.ts';
export { importTopics, sensitive } from '../events/index.ts';
export { ConfigError, defineConfig, type ConfigInput, type NervousConfig } from './config/config.ts';
export {
  assembleSystem,
  type AssembledSystem,
  type PartsOf,
  type PortsOf,
  type SystemOf,
  type CompleteUseCases,
} from './assembly/assemble-system.ts';
export { createGround, type Ground } from './assembly/ground.ts';
export type { ChainVerifier, FullVerification, GroundPorts, Ports } from './contract/ports.ts';
export { createSignal, type Signal } from './contract/signal.ts';
export { createEntryVerifier, entryVerifierOptions } from './verify/entry-verifier.ts';
export {
  concludeEntity,
  joinLinks,
  createMembership,
  readEntityPoints,
  verifyEntity,
  verifyLinks,
  type EntityConclusion,
  type EntityLinks,
  type EntityVerification,
} from './verify/verify-entity.ts';
export { verifyPage } from './verify/verify-page.ts';
export { indexForReplay, replayLog, type AuthoritySources, type ReplayCursor } from './verify/verify-authority.ts';
export { verifyPart } from './verify/verify-part.ts';
export { createFeed, type FeedDependencies } from './feed/feed.ts';
export { createLogIndex, type LogIndex } from './feed/log-index.ts';
export { createTopicIndexer, type TopicIndexer } from './feed/topic-indexer.ts';
export { rebuildStore, STORE_VERSION, upgradeStore, type StoreUpgrade } from './upgrade/store-upgrade.ts';
export { checkTopicIndex, rebuildTopicIndex } from './feed/check-topic-index.ts';
export { openNoticeReader, openNoticeSender } from './assembly/notice-parts.ts';
export { mayConcernSomebody } from './notices/notice.ts';
export type { AccessFilter, AccessPage, Accesses, AccessView } from './contract/accesses.ts';
export { createAccessJournal, type AccessJournal, type AccessSubject } from './operations/access-journal.ts';
export type {
  Mail,
  MadeNotice,
  Notice,
  NoticePage,
  NoticePreferences,
  Notices,
  PostJson,
  SendMail,
  SendOutcome,
  WithdrawnNotice,
} from './contract/notices.ts';
export type { NoticeReader } from './notices/notice-reader.ts';
export type { NoticeSender } from './notices/notice-sender.ts';
export { createPublicLog, type PublicLogDependencies } from './verify/public-log.ts';
export { isSealed, verifyFields, type FieldSources } from './verify/verify-fields.ts';
export {
  verifyDocuments,
  verifyState,
  type DocumentSources,
  type DocumentsProgress,
} from './verify/verify-documents.ts';
export {
  createEntryPoint,
  FAULTS,
  type Call,
  type Execute,
  type Pass,
  type Passage,
} from './operations/entry-point.ts';
export { Metrics, type OperationMetrics, type Outcome, type Outcomes } from './operations/metrics.ts';
export {
  DEGRADED_P95_MS,
  ERROR_RATE,
  ERROR_RATE_HIGH,
  PUBLISHED_EVENTS,
  RESPONSE_TIME,
  SUCCESS_RATE,
  type Alarms,
} from './operations/performance.ts';
export { USE_CASES, type UseCase, type UseCaseName } from './operations/use-case-table.ts';
export { CursorGone, SystemError, type SystemErrorCode } from './config/errors.ts';
export type {
  Entities,
  EntityAt,
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
} from './contract/nervous-system.ts';
export { createMayRead, createReadFacts } from './monitor/delivery-facts.ts';
export { createNervousSystem, type BuiltSystem } from './assembly/create-nervous-system.ts';
export {
  changing,
  claiming,
  deciding,
  governing,
  ingesting,
  mapping,
  proposing,
  publishing,
  reading,
  reporting,
  revoking,
  subscribing,
  webhooking,
  delivering,
  verifying,
  working,
  type UseCases,
} from './assembly/use-cases.ts';
export { mapDot, mapMermaid } from './map/map-graph.ts';
export type { MapLoop } from './map/map-loops.ts';
export { createMapView, MAX_OBSERVED } from './map/map-view.ts';
export type { MapKind, MapReport } from './map/map.ts';
export { topicReference } from './monitor/topic-reference.ts';
export { OPEN_METRICS, openMetrics, PROMETHEUS_TEXT, prometheusText, type MetricFamily } from './monitor/exposition.ts';
export { metricFamilies } from './monitor/metric-families.ts';
