/** The CDK app with one function of its own (FUNCTION_ARN) that events are sent to, by the name `total`. */
import { App } from 'aws-cdk-lib';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { readContext } from '../../lib/context.ts';
import { importConfig } from '../../lib/import-config.ts';
import { NervousSystem } from '../../lib/nervous-system.ts';

const app = new App();
const settings = readContext(app.node);
const config = await importConfig(settings.configFile);
const system = new NervousSystem(app, settings.name, { config, ...settings });
const target = LambdaFunction.fromFunctionArn(system.bus, 'Total', process.env['FUNCTION_ARN'] ?? '');
system.addFunction('total', target);
app.synth();
