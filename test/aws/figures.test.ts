/** What `/state` says of all functions together, on the deployed stacks. CloudWatch makes metrics of logs; an emulator does not, so the test does. */
import { SignatureV4 } from '@smithy/signature-v4';
import { expect, it } from 'vitest';
import { Sha256 } from '../../adapters/aws/bundling/native-checksums.ts';
import { clientOf, deployed, output } from './support/deployed.ts';

const MS_PER_SECOND = 1_000;
const DONE = 100;
const NOT_DONE = 0;

it('W13: /state tells what the functions counted together, as CloudWatch has it, and from when', async () => {
  const startOfYear = Date.UTC(new Date().getUTCFullYear(), 0);
  await measure('nervous_system.operation.success_rate', [DONE, DONE, NOT_DONE, NOT_DONE]);
  await measure('nervous_system.operation.error_rate', [NOT_DONE, NOT_DONE, NOT_DONE, DONE]);
  await measure('EventsAccepted', [5, 2]);
  await measure('EventsDuplicate', [1]);
  const state = await clientOf(output('ApiId'), 'eva').state();
  expect(state.countedSince).toBe(new Date(startOfYear).toISOString());
  // In an account there may be more than what the test measured.
  expect(state.operations.total).toBeGreaterThanOrEqual(4);
  expect(state.operations.succeeded).toBeGreaterThanOrEqual(2);
  expect(state.operations.failed).toBeGreaterThanOrEqual(1);
  expect(state.published.accepted).toBeGreaterThanOrEqual(7);
  expect(state.published.duplicate).toBeGreaterThanOrEqual(1);
});

/** As it is made of the line that a function wrote. */
async function measure(MetricName: string, values: readonly number[]): Promise<void> {
  const Dimensions = [{ Name: 'service', Value: 'nervous' }];
  const Timestamp = Math.floor(Date.now() / MS_PER_SECOND);
  const MetricData = values.map((Value) => ({ MetricName, Dimensions, Timestamp, Value }));
  const { endpoint, environment } = deployed();
  const region = environment.AWS_REGION ?? 'us-east-1';
  const url = new URL(endpoint ?? `https://monitoring.${region}.amazonaws.com`);
  const signer = new SignatureV4({
    ...{ service: 'monitoring', region, sha256: Sha256 },
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
      ...(environment.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: environment.AWS_SESSION_TOKEN }),
    },
  });
  const body = JSON.stringify({ Namespace: 'nervous-system', MetricData });
  const { protocol, hostname, host } = url;
  const { method, headers } = await signer.sign({
    ...{ method: 'POST', protocol, hostname, path: '/', query: {}, body },
    headers: {
      ...{ host, 'content-type': 'application/x-amz-json-1.0' },
      'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData',
    },
  });
  const { host: _sentByFetch, ...sent } = headers;
  const answer = await fetch(url, { method, headers: sent, body });
  expect(answer.status, await answer.text()).toBe(200);
}
