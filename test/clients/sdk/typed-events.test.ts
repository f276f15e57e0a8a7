/** Types flow from the catalog: what is wrong must not compile. Checked by tsc; running it only proves that it exists. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { Client, PublishInput, TypedEvent } from '../../../clients/sdk/index.ts';
import type { TopicsMatching } from '../../../clients/sdk/typed-events.ts';
import { defineConfig } from '../../../core/system/index.ts';

const config = defineConfig({
  ledger: 'main',
  origin: 'types.test/main',
  topics: {
    'money.moved': {
      description: 'two versions',
      versions: {
        1: z.strictObject({ amount: z.string() }),
        3: z.strictObject({ amount: z.string(), to: z.string() }),
      },
    },
    'money.lost': { description: 'one version', versions: { 1: z.strictObject({ where: z.string() }) } },
    'user.login': { description: 'other domain', versions: { 1: z.strictObject({}) } },
  },
  modules: {},
  roster: { roles: { owner: {}, risk: {} }, people: [], agents: [] },
  risk: { version: '1', rules: [] },
  operations: {},
});
type Config = typeof config;

/** Never runs. */
export async function compiles(client: Client<Config>, untyped: Client): Promise<void> {
  await client.publish({ topic: 'money.moved', payload: { amount: '1', to: 'ann' } });
  await client.publish({ topic: 'money.moved', version: 1, payload: { amount: '1' } });
  // @ts-expect-error -- the newest version needs `to`
  await client.publish({ topic: 'money.moved', payload: { amount: '1' } });
  // @ts-expect-error -- version 1 has no `to`
  await client.publish({ topic: 'money.moved', version: 1, payload: { amount: '1', to: 'ann' } });
  // @ts-expect-error -- there is no version 2
  await client.publish({ topic: 'money.moved', version: 2, payload: { amount: '1' } });
  // @ts-expect-error -- a number is no string
  await client.publish({ topic: 'money.lost', payload: { where: 1 } });
  // @ts-expect-error -- no such topic
  await client.publish({ topic: 'money.found', payload: {} });
  // @ts-expect-error -- no such field of an event
  await client.publish({ topic: 'user.login', payload: {}, entity: 'account:1' });
  // @ts-expect-error -- the payload of another topic
  await client.publishBatch([{ topic: 'money.lost', payload: { amount: '1' } }]);
  // @ts-expect-error -- no such domain
  await client.subscribe({ topics: ['stock.*'] }, () => undefined);
  await client.subscribe({ topics: ['money.lost'] }, ({ payload }) => expectTypeOf(payload.where).toBeString());
  await client.subscribe({ topics: ['money.*'] }, (event) => {
    if (event.topic === 'money.moved' && event.version === 3) expectTypeOf(event.payload.to).toBeString();
    // @ts-expect-error -- user.login is not in money.*
    if (event.topic === 'user.login') return;
  });
  await untyped.publish({ topic: 'whatever.else', payload: { any: 1 } });
  await untyped.subscribe({ topics: ['whatever.*'] }, ({ payload }) => payload['any']);
}

describe('types of the catalog', () => {
  it('narrow topics by glob', () => {
    expect(Object.keys(config.topics)).toHaveLength(3);
    expectTypeOf<TopicsMatching<Config, 'money.*'>>().toEqualTypeOf<'money.moved' | 'money.lost'>();
    expectTypeOf<TopicsMatching<Config, '*'>>().toEqualTypeOf<'money.moved' | 'money.lost' | 'user.login'>();
    expectTypeOf<TypedEvent<Config, 'money.moved'>['version']>().toEqualTypeOf<1 | 3>();
    expectTypeOf<PublishInput<Config>['topic']>().toEqualTypeOf<'money.moved' | 'money.lost' | 'user.login'>();
  });
});
