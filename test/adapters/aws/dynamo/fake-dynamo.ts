/**
 * A DynamoDB that lives in a request handler: the real client, its marshalling and its retries talk to it over no network.
 * It knows the operations, conditions and limits that the adapter uses, and fails on every other. Tests script its faults.
 */
import { Readable } from 'node:stream';
import { DynamoDBClient, type AttributeValue, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Attributes = Record<string, AttributeValue>;
interface Row {
  TableName: string;
  Key?: Attributes;
  Item?: Attributes;
  ConditionExpression?: string;
  UpdateExpression?: string;
  ExpressionAttributeValues?: Attributes;
  ReturnValuesOnConditionCheckFailure?: string;
}
type Body = Record<string, never> & Row;

/** What happens to one request: nothing, refused unseen, applied with the answer lost, or answered as told. */
export type Fault =
  | undefined
  | { readonly kind: 'refuse'; readonly type: string; readonly status?: number }
  | { readonly kind: 'lose-request' }
  | { readonly kind: 'lose-answer' }
  | { readonly kind: 'cancel'; readonly codes: readonly string[] }
  | { readonly kind: 'unprocessed'; readonly keep: number };

export interface FakeRequest {
  readonly operation: string;
  readonly body: Record<string, unknown>;
}

export class FakeDynamo {
  /** decides the fate of each request; may be replaced at any time */
  fault: (request: FakeRequest) => Fault = () => undefined;
  readonly requests: FakeRequest[] = [];
  /** of one page: so few that every caller has to page */
  pageItems = 7;
  readonly tables = new Map<string, Map<string, Map<string, Attributes>>>();
  private readonly answered = new Map<string, string>();

  client(overrides: DynamoDBClientConfig = {}): DynamoDBClient {
    return new DynamoDBClient({
      region: 'us-east-1',
      endpoint: 'http://fake.invalid',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      requestHandler: {
        handle: async (request: { headers: Record<string, string>; body: unknown }) => ({
          response: await this.handle(request),
        }),
        metadata: {},
        destroy: () => undefined,
        updateHttpClientConfig: () => undefined,
        httpHandlerConfigs: () => ({}),
      } as never,
      ...overrides,
    });
  }

  items(table: string): Attributes[] {
    return [...(this.tables.get(table)?.values() ?? [])].flatMap((partition) => [...partition.values()]);
  }

  private async handle(request: { headers: Record<string, string>; body: unknown }): Promise<unknown> {
    const operation = (request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    const text = typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body as Uint8Array);
    const body = JSON.parse(text) as Record<string, unknown>;
    const seen = { operation, body };
    this.requests.push(seen);
    const fault = this.fault(seen);
    await new Promise((resolve) => setImmediate(resolve));
    if (fault?.kind === 'refuse') return answer(fault.status ?? 400, { __type: fault.type, message: 'scripted' });
    if (fault?.kind === 'lose-request') throw lost();
    if (fault?.kind === 'cancel') return cancelled(fault.codes.map((Code) => ({ Code })));
    const result = this.apply(operation, body as Body, fault);
    if (fault?.kind === 'lose-answer') throw lost();
    return result;
  }

  private apply(operation: string, body: Body, fault: Fault): unknown {
    switch (operation) {
      case 'PutItem':
      case 'UpdateItem':
      case 'DeleteItem':
        return this.writeOne(operation.replace('Item', ''), body);
      case 'TransactWriteItems':
        return this.transact(body);
      case 'GetItem': {
        const item = this.find(body.TableName, body.Key ?? {});
        return answer(200, item === undefined ? {} : { Item: item });
      }
      case 'BatchGetItem':
        return this.batchGet(body, fault?.kind === 'unprocessed' ? fault.keep : Infinity);
      case 'Query':
      case 'Scan':
        return this.query(operation, body);
      default:
        return answer(400, { __type: 'UnknownOperationException', message: operation });
    }
  }

  private writeOne(kind: string, row: Row): unknown {
    const old = this.find(row.TableName, row.Key ?? row.Item ?? {});
    if (!holds(row, old)) {
      const shown = row.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && old !== undefined ? { Item: old } : {};
      return answer(400, { __type: 'ConditionalCheckFailedException', message: 'no', ...shown });
    }
    this.write(kind, row);
    const isAsked = (row as { ReturnValues?: string }).ReturnValues === 'ALL_NEW';
    return answer(200, isAsked ? { Attributes: this.find(row.TableName, row.Key ?? {}) } : {});
  }

  private transact(body: Body): unknown {
    const { TransactItems: items, ClientRequestToken: token = '' } = body as unknown as {
      TransactItems: Record<string, Row>[];
      ClientRequestToken?: string;
    };
    const content = JSON.stringify(items);
    if (this.answered.has(token))
      return this.answered.get(token) === content
        ? answer(200, {})
        : answer(400, { __type: 'IdempotentParameterMismatchException', message: 'token' });
    if (items.length > 100) return invalid('more than 100 items');
    const rows = items.map((item) => Object.entries(item)[0] as [string, Row]);
    const names = rows.map(([, row]) => JSON.stringify([row.TableName, keyOf(row.Key ?? row.Item ?? {})]));
    if (new Set(names).size !== names.length) return invalid('one item twice');
    const reasons = rows.map(([, row]) => {
      const old = this.find(row.TableName, row.Key ?? row.Item ?? {});
      if (holds(row, old)) return { Code: 'None' };
      const isShown = row.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && old !== undefined;
      return { Code: 'ConditionalCheckFailed', Message: 'no', ...(isShown ? { Item: old } : {}) };
    });
    if (reasons.some(({ Code }) => Code !== 'None')) return cancelled(reasons);
    for (const [kind, row] of rows) this.write(kind, row);
    if (token !== '') this.answered.set(token, content);
    return answer(200, {});
  }

  private write(kind: string, row: Row): void {
    const key = row.Key ?? row.Item ?? {};
    const [pk, sk] = keyOf(key);
    const table = this.tables.get(row.TableName) ?? new Map<string, Map<string, Attributes>>();
    this.tables.set(row.TableName, table);
    const partition = table.get(pk) ?? new Map<string, Attributes>();
    table.set(pk, partition);
    if (kind === 'Put') partition.set(sk, row.Item ?? {});
    if (kind === 'Delete') partition.delete(sk);
    if (kind !== 'Update') return;
    const old = partition.get(sk) ?? {};
    const [, removed] = /REMOVE (\w)/.exec(row.UpdateExpression ?? '') ?? [];
    const left = Object.fromEntries(Object.entries(old).filter(([name]) => name !== removed));
    partition.set(sk, {
      ...left,
      ...row.Key,
      ...updated(row.UpdateExpression, old, row.ExpressionAttributeValues ?? {}),
    });
  }

  private batchGet(body: Body, keep: number): unknown {
    const wanted = body as unknown as { RequestItems: Record<string, { Keys: Attributes[] }> };
    const responses: Record<string, Attributes[]> = {};
    const unprocessed: Record<string, { Keys: Attributes[] }> = {};
    let served = 0;
    for (const [table, { Keys }] of Object.entries(wanted.RequestItems)) {
      if (Keys.length > 100) return invalid('more than 100 keys');
      for (const key of Keys) {
        if (served++ >= keep) {
          (unprocessed[table] ??= { Keys: [] }).Keys.push(key);
          continue;
        }
        const item = this.find(table, key);
        if (item !== undefined) (responses[table] ??= []).push(item);
      }
    }
    return answer(200, { Responses: responses, UnprocessedKeys: unprocessed });
  }

  private query(operation: string, body: Body): unknown {
    const query = body as unknown as {
      TableName: string;
      KeyConditionExpression?: string;
      ExpressionAttributeValues?: Attributes;
      ScanIndexForward?: boolean;
      Limit?: number;
      ExclusiveStartKey?: Attributes;
    };
    const values = query.ExpressionAttributeValues ?? {};
    const partition = this.tables.get(query.TableName)?.get(values[':pk']?.S ?? '');
    const matching =
      operation === 'Scan'
        ? this.items(query.TableName).sort(byKey)
        : [...(partition?.values() ?? [])]
            .filter((item) => matches(query.KeyConditionExpression, item, values))
            .sort(byKey);
    if (query.ScanIndexForward === false) matching.reverse();
    const start = query.ExclusiveStartKey;
    const from = start === undefined ? 0 : matching.findIndex((item) => keyOf(item).join() === keyOf(start).join()) + 1;
    const page = matching.slice(from, from + Math.min(query.Limit ?? Infinity, this.pageItems));
    const last = page.at(-1);
    const more = from + page.length < matching.length && last !== undefined;
    return answer(200, { Items: page, ...(more ? { LastEvaluatedKey: { pk: last['pk'], sk: last['sk'] } } : {}) });
  }

  private find(table: string, key: Attributes): Attributes | undefined {
    const [pk, sk] = keyOf(key);
    if (pk === '' || sk === '') throw new Error('an empty key was sent');
    return this.tables.get(table)?.get(pk)?.get(sk);
  }
}

function keyOf({ pk, sk }: Attributes): [string, string] {
  return [pk?.S ?? '', sk?.S ?? sk?.N ?? ''];
}

function byKey(a: Attributes, b: Attributes): number {
  const partition = Buffer.compare(Buffer.from(a['pk']?.S ?? ''), Buffer.from(b['pk']?.S ?? ''));
  return partition !== 0 ? partition : compareSort(a['sk'], b['sk']);
}

function compareSort(a: AttributeValue | undefined, b: AttributeValue | undefined): number {
  return a?.N !== undefined
    ? Number(a.N) - Number(b?.N)
    : Buffer.compare(Buffer.from(a?.S ?? ''), Buffer.from(b?.S ?? ''));
}

function matches(condition: string | undefined, item: Attributes, values: Attributes): boolean {
  if (item['pk']?.S !== values[':pk']?.S) return false;
  const from = compareSort(item['sk'], values[':from'] ?? item['sk']) >= 0;
  const to = compareSort(item['sk'], values[':to'] ?? item['sk']) <= 0;
  switch (condition) {
    case 'pk = :pk':
      return true;
    case 'pk = :pk AND sk >= :from':
      return from;
    case 'pk = :pk AND sk BETWEEN :from AND :to':
      return from && to;
    default:
      throw new Error(`unknown key condition ${condition ?? ''}`);
  }
}

function holds({ ConditionExpression, ExpressionAttributeValues }: Row, old: Attributes | undefined): boolean {
  switch (ConditionExpression) {
    case undefined:
      return true;
    case 'attribute_not_exists(pk)':
      return old === undefined;
    case 'n = :n':
      return old?.['n']?.N === ExpressionAttributeValues?.[':n']?.N && old !== undefined;
    case 'attribute_not_exists(f)':
      return old?.['f'] === undefined;
    case 'f = :known':
      return old?.['f'] !== undefined && Number(old['f'].N) === Number(ExpressionAttributeValues?.[':known']?.N);
    case 'f BETWEEN :now AND :empty': {
      const { ':now': now, ':empty': empty } = ExpressionAttributeValues ?? {};
      return Number(old?.['f']?.N) >= Number(now?.N) && Number(old?.['f']?.N) <= Number(empty?.N);
    }
    default:
      throw new Error(`unknown condition ${ConditionExpression}`);
  }
}

/** What the updates that adapters send make of an item. */
function updated(expression: string | undefined, old: Attributes, values: Attributes): Attributes {
  const sum = (name: string, more: string): Attributes => ({
    [name]: { N: String(Number(old[name]?.N ?? 0) + Number(values[more]?.N)) },
  });
  const ttl = values[':ttl'] as AttributeValue;
  switch (expression) {
    case 'SET v = :v REMOVE z ADD n :one':
      return { v: values[':v'] as AttributeValue, ...sum('n', ':one') };
    case 'SET z = :v REMOVE v ADD n :one':
      return { z: values[':v'] as AttributeValue, ...sum('n', ':one') };
    case 'ADD c :n SET #ttl = :ttl':
      return { ...sum('c', ':n'), ttl };
    case 'ADD f :cost SET #ttl = :ttl':
      return { ...sum('f', ':cost'), ttl };
    case 'SET f = :next, #ttl = :ttl':
      return { f: values[':next'] as AttributeValue, ttl };
    default:
      throw new Error(`unknown update ${expression ?? ''}`);
  }
}

function answer(statusCode: number, body: Record<string, unknown>): unknown {
  const headers = { 'content-type': 'application/x-amz-json-1.0' };
  return { statusCode, headers, body: Readable.from([Buffer.from(JSON.stringify(body))]) };
}

function cancelled(reasons: readonly object[]): unknown {
  const body = { __type: 'TransactionCanceledException', message: 'cancelled', CancellationReasons: reasons };
  return answer(400, body);
}

function invalid(message: string): unknown {
  return answer(400, { __type: 'ValidationException', message });
}

function lost(): Error {
  return Object.assign(new Error('the connection was reset'), { name: 'TimeoutError', code: 'ECONNRESET' });
}
