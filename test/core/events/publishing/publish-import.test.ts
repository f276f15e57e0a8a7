/** Who may record what other systems kept: a module with the right, on its entities, as what it is. */
import { expect, it } from 'vitest';
import { CountingIds, MemoryStore } from '../../../../adapters/memory/index.ts';
import { createCatalog, createPublish, importTopics, type Publish } from '../../../../core/events/index.ts';
import { createPolicy, modulesSchema, rosterSchema } from '../../../../core/policy/index.ts';
import { defineConfig } from '../../../../core/system/index.ts';
import { config } from '../../../../nervous.config.ts';
import { appenderOn } from '../../ledger/ledger-fixture.ts';

const SOURCE = 'ab'.repeat(32);
const policy = createPolicy(
  rosterSchema.parse({
    roles: { all: { publishes: ['*'] } },
    people: [{ personId: 'ann', name: 'Ann', accounts: ['ann'], roles: ['all'] }],
    agents: [{ id: 'bot', owner: 'ann', logic: 'bot@1', rights: { publishes: ['*'] } }],
  }),
  modulesSchema.parse({
    importer: { publishes: ['imports.*'], imports: ['account:*'] },
    silent: { imports: ['account:*'] },
    greedy: { publishes: ['*'] },
  }),
);

const record = (more: object = {}): object => ({
  ...{ topic: 'imports.recorded', eventId: `import:${SOURCE}:1`, entityId: 'account:1' },
  payload: {
    ...{ source: SOURCE, record: 1, line: 2, offset: 10, bytes: 5, sha256: 'cd'.repeat(32) },
    ...{ claims: { time: '2019-01-01' }, witnessed: false },
  },
  ...more,
});
const finished = (entityId: string): object => ({
  ...{ topic: 'imports.finished', entityId },
  payload: { source: SOURCE, entries: 1, recorded: 1, rejected: 0, rejects: [], witnessed: false },
});

async function publishAs(id: string, event: object): Promise<unknown> {
  const publish: Publish = createPublish({
    ...{
      appender: appenderOn(new MemoryStore()),
      catalog: createCatalog(importTopics),
      policy,
      ids: new CountingIds(),
    },
  });
  const principal = policy.principal(id) ?? { kind: 'service' as const, id, publishes: ['*'] };
  const [result] = await publish(principal, [event]);
  return result?.status === 'rejected' ? result.problem.code : result?.status;
}

it('is a module that was given the entity', async () => {
  expect(await publishAs('importer', record())).toBe('accepted');
  expect(await publishAs('importer', finished(`import:${SOURCE}`))).toBe('accepted');
});

it.each([
  ['importer', 'on an entity it was not given', record({ entityId: 'loan:1' })],
  ['importer', 'on no entity', record({ entityId: undefined })],
  ['importer', 'on the chain of another import', finished(`import:${'ef'.repeat(32)}`)],
  ['importer', 'on the chain of an entity', finished('account:1')],
  ['silent', 'without the right to publish it', record()],
  ['greedy', 'without the right to import, whatever else it may publish', record()],
  ['greedy', 'the end of an import', finished(`import:${SOURCE}`)],
  ['bot', 'as an agent', record()],
  ['ann', 'as a person', record()],
  ['aws.outside', 'as a service that comes in by the ingress bus', record()],
])('is not %s %s', async (id, _, event) => {
  expect(await publishAs(id, event)).toBe('FORBIDDEN');
});

it('never says that what was imported was witnessed', async () => {
  const { payload } = record() as { payload: object };
  expect(await publishAs('importer', record({ payload: { ...payload, witnessed: true } }))).toBe('PAYLOAD_INVALID');
});

it('is told by topics that nobody declares otherwise', () => {
  const topics = { ...config.topics, 'imports.recorded': config.topics['user.login'] };
  expect(() => defineConfig({ ...config, topics })).toThrow('spread importTopics');
  expect(() => defineConfig({ ...config, topics: { ...config.topics, ...importTopics } })).not.toThrow();
});
