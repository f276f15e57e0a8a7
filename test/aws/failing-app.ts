/**
 * The CDK app with something in one of its stacks (FAIL_IN) that cannot be made, a bus of a name that is taken (TAKEN_BUS), and
 * that is tried last: for a deployment that fails when all else of the stack is there.
 */
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { readContext } from '../../lib/context.ts';
import { importConfig } from '../../lib/import-config.ts';
import { NervousSystem } from '../../lib/nervous-system.ts';

const app = new App();
const settings = readContext(app.node);
const config = await importConfig(settings.configFile);
const system = new NervousSystem(app, settings.name, { config, ...settings });
const stack = Stack.of(system.node.findChild(process.env['FAIL_IN'] ?? ''));
const all = stack.node.findAll().filter((child): child is CfnResource => child instanceof CfnResource);
// The account has one of this name already.
const impossible = new CfnResource(stack, 'Impossible', {
  type: 'AWS::Events::EventBus',
  properties: { Name: process.env['TAKEN_BUS'] },
});
for (const one of all) impossible.addResourceDependency(one);
app.synth();
