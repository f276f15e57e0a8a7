/** The bounds of what core/events lets in are part of its contract: each stands in __snapshots__. */
import { it } from 'vitest';
import * as catalog from '../../../core/events/catalog/catalog.ts';
import * as catalogDiff from '../../../core/events/catalog/catalog-diff.ts';
import * as envelope from '../../../core/events/envelope/envelope.ts';
import * as fromCloudEvent from '../../../core/events/envelope/from-cloud-event.ts';
import * as ingressConfig from '../../../core/events/publishing/ingress-config.ts';
import * as subscription from '../../../core/events/subscriptions/subscription.ts';
import * as systemTopics from '../../../core/events/catalog/system-topics.ts';
import * as topicDeclaration from '../../../core/events/catalog/topic-declaration.ts';
import { expectWrittenBounds } from '../../support/written-bounds.ts';

it('lets in what is written down, and nothing more or less', async () => {
  const modules = {
    catalog,
    'catalog-diff': catalogDiff,
    envelope,
    'from-cloud-event': fromCloudEvent,
    'ingress-config': ingressConfig,
    subscription,
    'system-topics': systemTopics,
    'topic-declaration': topicDeclaration,
  };
  await expectWrittenBounds(modules, '__snapshots__/written-bounds.json');
});
