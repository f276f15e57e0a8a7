/**
 * Leaves out of every `DependsOn` what a reference in the same resource says already: the CDK adds a function's role to
 * both, and template linters ask about what is said twice (cfn-lint W3005).
 */
import { CfnResource, Lazy, Stack, type IAspect } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

export class LeanDependencies implements IAspect {
  visit(node: IConstruct): void {
    if (!(node instanceof CfnResource)) return;
    // Only when the template is written is it settled what depends on what.
    const DependsOn = Lazy.any({ produce: () => dependenciesOf(node) });
    node.addOverride('DependsOn', DependsOn);
  }
}

function dependenciesOf(resource: CfnResource): string[] | undefined {
  const stack = Stack.of(resource);
  const said = referencesIn(stack.resolve(resource['cfnProperties']));
  const names = resource
    .obtainDependencies()
    .filter((one): one is CfnResource => one instanceof CfnResource && Stack.of(one) === stack)
    .map((one) => stack.resolve(one.logicalId) as string)
    .filter((name) => !said.has(name));
  return names.length === 0 ? undefined : [...new Set(names)].sort();
}

/** Logical ids that a resolved value names by Ref or GetAtt. */
function referencesIn(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return found;
  const { Ref, 'Fn::GetAtt': attribute } = value as { readonly Ref?: unknown; readonly 'Fn::GetAtt'?: unknown };
  if (typeof Ref === 'string') found.add(Ref);
  if (Array.isArray(attribute)) found.add(String(attribute[0]));
  for (const part of Object.values(value)) referencesIn(part, found);
  return found;
}
