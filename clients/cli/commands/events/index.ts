/** Commands about events, subscriptions and the catalog, loaded together. */
export { checkCatalogCommand, diffCatalogCommand, listCatalogCommand, snapshotCommand } from './catalog.ts';
export { asyncApiCommand, referenceCommand, schemaCommand } from './catalog-documents.ts';
export { deadLettersCommand, redriveCommand } from './deliveries.ts';
export { publishCommand, tailCommand } from './events.ts';
export { listGuardsCommand, resetGuardCommand } from './guards.ts';
export { importCommand } from './import.ts';
export { mapCommand } from './map.ts';
export { matchCommand } from './match.ts';
export { replayCommand } from './replay.ts';
export { changeSubscriptionCommand, createSubscriptionCommand, resetSubscriptionCommand } from './subscribe.ts';
export {
  deleteSubscriptionCommand,
  listSubscriptionsCommand,
  pauseCommand,
  resumeCommand,
  showSubscriptionCommand,
} from './subscriptions.ts';
export { listenCommand } from './listen.ts';
export {
  createWebhookCommand,
  deleteWebhookCommand,
  disableWebhookCommand,
  enableWebhookCommand,
  listWebhooksCommand,
  rotateWebhookCommand,
  showWebhookCommand,
} from './webhooks.ts';
export {
  attemptsCommand,
  recoverCommand,
  resendCommand,
  testWebhookCommand,
  verifyWebhookCommand,
  webhookKeysCommand,
} from './webhook-deliveries.ts';
