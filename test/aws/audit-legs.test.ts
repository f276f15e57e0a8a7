/** On the deployed stacks: the verify function goes on with what a call before handed over, and may do just that. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, it } from 'vitest';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { keepHandover } from '../../adapters/aws/verify/leg-notes.ts';
import { config } from '../../nervous.config.ts';
import { output } from './support/deployed.ts';

const { ledger } = config;

it('W7: a call goes on from what it is handed over, comes to a verdict, and says by name when somebody took it away', async () => {
  const tables = { entriesTable: output('EntriesTableName'), stateTable: output('StateTableName') };
  const items = new DynamoStore({ client: new DynamoDBClient(), ...tables, ledger });
  const run = `${new Date().toISOString()}-test`;
  const name = await keepHandover({ ledger, items }, { run, leg: 2 }, { documents: new Set(['account:none']) });
  const asked = { mode: 'full', signatures: true };
  expect(await verify({ mode: 'leg', asked, name })).toMatchObject({ verdict: expect.any(String) as unknown });
  // A try of it that comes late goes on from the same, and never says that there was nothing to do.
  expect(await verify({ mode: 'leg', asked, name })).toMatchObject({ verdict: expect.any(String) as unknown });
  const pk = `${ledger}#audit`;
  const kept = await items.list(pk, { prefix: run, limit: 10 });
  expect(kept.map(({ sk }) => sk.split('#')[1])).toEqual(['2']);
  for (const { sk } of kept) await items.write([{ kind: 'delete', key: { pk, sk }, expect: 'any' }]);
  expect(await verify({ mode: 'leg', asked, name })).toMatchObject({
    ...{ verdict: 'UNREADABLE', entries: 0, checked: [] },
    firstBad: { detail: expect.stringContaining('what leg 2 was handed over is gone') as unknown },
  });
});

async function verify(request: object): Promise<unknown> {
  const FunctionName = output('VerifyFunctionName');
  const { FunctionError, Payload } = await new LambdaClient().send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(request) }),
  );
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString());
  expect(FunctionError, JSON.stringify(answer)).toBeUndefined();
  return answer;
}
