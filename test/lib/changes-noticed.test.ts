/** W12: whoever changes the system itself past a deployment is noticed: the patterns, on events as CloudTrail writes them. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { matchPattern, parsePattern } from '../../core/events/index.ts';
import { ofType, synthesize, text } from './synthesized.ts';

const prod = synthesize();

describe('W12: changes of the system itself', () => {
  /** Patterns as EventBridge gets them, tokens as text, by the alarm they raise. */
  const patterns = new Map(
    ofType(prod, 'AWS::Events::Rule')
      .filter(({ id }) => id.startsWith('Changes'))
      .map(({ id, Properties }) => [
        /^Changes(.*?)[0-9A-F]{8}$/.exec(id)?.[1] ?? id,
        JSON.parse(JSON.stringify(Properties['EventPattern']), (_, value: unknown) =>
          isToken(value) ? text(value) : value,
        ) as unknown,
      ]),
  );
  const raised = (event: object): string[] =>
    [...patterns].filter(([, pattern]) => matchPattern(parsePattern(pattern), event as never)).map(([name]) => name);
  const call = (service: string, eventName: string, more: object): object => ({
    source: `aws.${service}`,
    'detail-type': 'AWS API Call via CloudTrail',
    detail: { eventSource: `${service}.amazonaws.com`, eventName, sourceIPAddress: '203.0.113.7', ...more },
  });
  const ledgerStack = prod.template('LedgerStack').toJSON() as {
    Outputs: Record<string, { Export?: { Name: string } }>;
  };
  const exported = (id: string): string =>
    JSON.stringify({
      'Fn::ImportValue': Object.values(ledgerStack.Outputs).find(({ Export }) => Export?.Name.includes(id))?.Export
        ?.Name,
    });

  it.each([
    [
      'codechanged',
      call('lambda', 'UpdateFunctionCode20150331v2', { requestParameters: { functionName: 'nervous-publish' } }),
    ],
    [
      'codechanged',
      call('lambda', 'UpdateEventSourceMapping20150331', {
        requestParameters: { uUID: '1', enabled: false },
        responseElements: { functionArn: 'arn:aws:lambda:x:1:function:nervous-sequencer' },
      }),
    ],
    ['keychanged', call('kms', 'ScheduleKeyDeletion', { resources: [{ ARN: exported('FnGetAttDataKey') }] })],
    ['keychanged', call('kms', 'DisableKey', { resources: [{ ARN: exported('FnGetAttRootKey') }] })],
    ['storagechanged', call('s3', 'PutBucketPolicy', { requestParameters: { bucketName: exported('RefLogAnchors') } })],
    [
      'storagechanged',
      call('dynamodb', 'DeleteResourcePolicy', {
        requestParameters: { resourceArn: exported('FnGetAttEntries3C9817F4Arn') },
      }),
    ],
    ['watchingstopped', call('cloudtrail', 'StopLogging', { requestParameters: { name: 'any' } })],
    ['watchingstopped', call('events', 'DisableRule', { requestParameters: { name: 'nervous-BusStack-Schedule1' } })],
    [
      'deployed',
      {
        source: 'aws.cloudformation',
        'detail-type': 'CloudFormation Stack Status Change',
        detail: {
          'stack-id': 'arn:aws:cloudformation:x:1:stack/nervous-ApiStack/u',
          'status-details': { status: 'UPDATE_COMPLETE' },
        },
      },
    ],
  ])('W12: raise %s', (alarm, event) => {
    expect(raised(event)).toEqual([alarm]);
  });

  it('W12: raise nothing when they are somebody else’s, or a subscription’s', () => {
    const functionName = 'other-publish';
    expect(raised(call('lambda', 'UpdateFunctionCode20150331v2', { requestParameters: { functionName } }))).toEqual([]);
    const name = 'nervous-sub-0123456789abcdef0123';
    expect(raised(call('events', 'DeleteRule', { requestParameters: { name } }))).toEqual([]);
    expect(raised(call('kms', 'DisableKey', { resources: [{ ARN: 'arn:aws:kms:x:1:key/other' }] }))).toEqual([]);
  });

  it('W12: are counted by rules that have an alarm each, and told of in a log', () => {
    expect(patterns.size).toBe(6);
    const watched = ofType(prod, 'AWS::CloudWatch::Alarm').filter(
      ({ Properties }) => Properties['Namespace'] === 'AWS/Events',
    );
    expect(watched).toHaveLength(6);
    prod.template('MonitoringStack').allResourcesProperties('AWS::Events::Rule', {
      State: 'ENABLED',
      Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('ChangesLog'), 'Arn'] } })],
    });
  });
});

function isToken(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['Ref', 'Fn::GetAtt', 'Fn::ImportValue', 'Fn::Join'].some((key) => key in value)
  );
}
