/** A declared version of a topic as a document of its own, in each dialect its readers know. */
import { expect, it } from 'vitest';
import * as z from 'zod';
import { topicSchema } from '../../../../core/events/catalog/topic-schema.ts';

const topics = { 'money.moved': { description: 'Money moved.', versions: { 2: z.strictObject({ cents: z.int() }) } } };
const declared = { origin: 'ledger.test/main', topics };
const URI = 'https://ledger.test/main/topics/money.moved/2';

it.each([
  ['draft-2020-12', '$id', 'https://json-schema.org/draft/2020-12/schema'],
  ['draft-07', '$id', 'http://json-schema.org/draft-07/schema#'],
  ['draft-04', 'id', 'http://json-schema.org/draft-04/schema#'],
] as const)('names itself and its dialect in %s', (dialect, key, $schema) => {
  expect(topicSchema(declared, { topic: 'money.moved', version: 2 }, dialect)).toMatchObject({
    ...{ $schema, [key]: URI, title: 'money.moved@2', description: 'Money moved.' },
    ...{ type: 'object', required: ['cents'], additionalProperties: false },
  });
});

it.each([
  ['money.moved', 1],
  ['money.lost', 2],
  ['constructor', 1],
])('is nothing for %s@%i, which is not declared', (topic, version) => {
  expect(topicSchema(declared, { topic, version }, 'draft-07')).toBeUndefined();
});
