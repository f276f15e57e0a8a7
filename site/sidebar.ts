/** Which pages the site has, sorted by what somebody comes for (https://diataxis.fr). */
export interface Section {
  readonly title: string;
  /** what is found there, for llms.txt */
  readonly about: string;
  /** path in the repository → how the sidebar calls it */
  readonly pages: Readonly<Record<string, string>>;
}

/** In the bar above the pages. */
const OVERVIEW = 'docs/README.md';

export const SECTIONS: readonly Section[] = [
  {
    title: 'Tutorial',
    about: 'learn it by doing it',
    pages: { 'docs/tutorial.md': 'From nothing, in 15 minutes', 'docs/module-guide.md': 'A module of your own' },
  },
  {
    title: 'How to',
    about: 'do one thing',
    pages: {
      'docs/packages.md': 'Install, create, use in a CDK app',
      'docs/embedded.md': 'Run the embedded engine',
      'docs/outbox.md': 'Publish from your own database',
      'docs/deploy.md': 'Deploy to AWS',
      'docs/upgrading.md': 'Upgrade',
      'docs/releasing.md': 'Release',
      'docs/runbook.md': 'Runbook: a section for each alarm',
      'docs/keys.md': 'Rotate, revoke and audit keys',
      'docs/recovery.md': 'Export, restore, witness',
      'docs/migrating.md': 'Bring in what you have',
      'docs/auditing.md': 'Audit a ledger',
      'docs/testing.md': 'Test the product itself',
      'CONTRIBUTING.md': 'Contribute',
    },
  },
  {
    title: 'Reference',
    about: 'look it up',
    pages: {
      'docs/cli.md': 'Command line',
      'docs/http.md': 'HTTP',
      'docs/python.md': 'Python client',
      'docs/events.md': 'Events',
      'docs/subscriptions.md': 'Subscriptions',
      'docs/webhooks.md': 'Webhooks',
      'docs/work.md': 'Claims of work',
      'docs/patterns.md': 'Patterns',
      'docs/feed.md': 'Feed and streams',
      'docs/console.md': 'Console',
      'docs/approvals.md': 'Approvals',
      'docs/governance.md': 'Roster and rules',
      'docs/executors.md': 'Executors',
      'docs/protection.md': 'Protection',
      'docs/metrics.md': 'Metrics',
      'docs/formats.md': 'Formats: every byte that lasts',
      'docs/topics.md': 'Topics of the sample',
      'docs/glossary.md': 'Glossary',
      'CHANGELOG.md': 'Changes',
    },
  },
  {
    title: 'Explanation',
    about: 'understand why',
    pages: {
      'docs/life-of-an-event.md': 'The life of an event',
      'docs/life-of-a-change.md': 'The life of a change',
      'docs/architecture.md': 'Architecture',
      'docs/threat-model.md': 'Threat model',
      'docs/aws.md': 'How it runs on AWS',
      'docs/costs.md': 'What it costs on AWS',
      'docs/scale.md': 'How far it goes on AWS',
      'docs/performance.md': 'How fast it is',
      'docs/growth.md': 'What an event costs as it grows',
      'docs/adr/README.md': 'Decisions',
    },
  },
];

/** Where a page goes that nobody has sorted yet, so that none is missing. */
const UNSORTED = 'Reference';

/** @param found paths of all pages in docs/ */
export function sectionsOf(found: readonly string[]): Section[] {
  const sorted = new Set(SECTIONS.flatMap(({ pages }) => Object.keys(pages)));
  const missing = found.filter((path) => !sorted.has(path) && path !== OVERVIEW);
  const named = Object.fromEntries(
    missing.map((path) => [path, path.replace(/^docs\/|\.md$/g, '').replaceAll('-', ' ')]),
  );
  return SECTIONS.map((one) => (one.title === UNSORTED ? { ...one, pages: { ...one.pages, ...named } } : one));
}

/** Pages that are made when the site is built: their path on the site → how the sidebar calls them. They are reference. */
export const GENERATED: Readonly<Record<string, string>> = {
  'openapi.md': 'OpenAPI',
  'asyncapi.md': 'AsyncAPI',
  'api/index.md': 'Exports of the packages',
};
