/** The CDK entry: which system, from which configuration, with which settings (`-c key=value`, docs/deploy.md). */
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readContext } from '../lib/context.ts';
import { importConfig } from '../lib/import-config.ts';
import { NervousSystem } from '../lib/nervous-system.ts';

try {
  const app = new App();
  const settings = readContext(app.node);
  const config = await importConfig(settings.configFile);
  new NervousSystem(app, settings.name, { config, ...settings });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
