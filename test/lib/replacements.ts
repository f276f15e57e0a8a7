/**
 * What CloudFormation would put another resource in the place of, out of AWS's own description of every resource type (the one that
 * `cdk diff` uses). A template is kept as little as this needs: types, policies, and the properties that make a replacement.
 */
import { diffResource } from '@aws-cdk/cloudformation-diff/lib/diff/index.js';
import { ResourceImpact } from '@aws-cdk/cloudformation-diff';

export interface ReducedResource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** by logical id */
export type ReducedTemplate = Readonly<Record<string, ReducedResource>>;

const REPLACING: ReadonlySet<ResourceImpact> = new Set([ResourceImpact.WILL_REPLACE, ResourceImpact.MAY_REPLACE]);
/** They hold what is nowhere else, or what waits. */
const STATEFUL = new Set([
  ...['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::SNS::Topic'],
  ...['AWS::Events::EventBus', 'AWS::Events::Archive', 'AWS::Logs::LogGroup', 'AWS::StepFunctions::StateMachine'],
]);
/** Of which an account has one under a name: CloudFormation makes the new one first, and fails. */
const NAMES =
  /^(?:TableName|BucketName|QueueName|TopicName|FunctionName|RoleName|LogGroupName|StateMachineName|ArchiveName|AlarmName|DashboardName|Name)$/;

/** What holds state or has a name of its own; the rest may be made anew. */
export function reduced(template: object): ReducedTemplate {
  const { Resources = {} } = template as { Resources?: Readonly<Record<string, ReducedResource>> };
  const looked = Object.entries(Resources).filter(([, resource]) => isLookedAt(resource));
  return Object.fromEntries(
    looked.map(([id, { Type, DeletionPolicy, UpdateReplacePolicy, Properties = {} }]) => {
      const kept = Object.entries(Properties).filter(([name]) => makesReplacement(Type, name));
      const policies = {
        ...(DeletionPolicy === undefined ? {} : { DeletionPolicy }),
        ...(UpdateReplacePolicy === undefined ? {} : { UpdateReplacePolicy }),
      };
      return [id, { Type, ...policies, Properties: Object.fromEntries(kept) }];
    }),
  );
}

function isLookedAt({ Type, Properties = {} }: ReducedResource): boolean {
  return STATEFUL.has(Type) || Object.keys(Properties).some((name) => NAMES.test(name) && makesReplacement(Type, name));
}

/** Whatever its value becomes. */
function makesReplacement(Type: string, property: string): boolean {
  const holding = (value: string): ReducedResource => ({ Type, Properties: { [property]: value } });
  return replacing(holding('one'), holding('other')).length > 0;
}

/** Names of the properties that make a replacement of this change. */
function replacing(from: ReducedResource, to: ReducedResource): readonly string[] {
  return Object.entries(diffResource(from, to).propertyUpdates).flatMap(([name, { changeImpact }]) =>
    changeImpact !== undefined && REPLACING.has(changeImpact) ? [name] : [],
  );
}

/**
 * What an update in place from the one template to the other would lose or fail at: what holds state is replaced or gone, or kept less
 * carefully, or anything with a name of its own is replaced.
 */
export function lossesIn(from: ReducedTemplate, to: ReducedTemplate): readonly string[] {
  return Object.entries(from).flatMap(([id, old]) => {
    const isStateful = STATEFUL.has(old.Type);
    const now = to[id];
    const what = `${old.Type} ${id}`;
    if (now === undefined) return isStateful ? [`${what} is gone`] : [];
    if (now.Type !== old.Type) return [`${what} is ${now.Type} now`];
    const policies = (['DeletionPolicy', 'UpdateReplacePolicy'] as const).filter((name) => old[name] !== now[name]);
    return [
      ...replacing(old, now).map((name) => `${what} is replaced, because ${name} is another`),
      ...(isStateful ? policies.map((name) => `${what}: ${name} is ${String(now[name])}`) : []),
    ];
  });
}
