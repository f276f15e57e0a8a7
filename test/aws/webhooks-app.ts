/** The CDK app whose functions may send webhooks to this machine, which no template of the package lets them. */
import { App, Aspects } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { readContext } from '../../lib/context.ts';
import { importConfig } from '../../lib/import-config.ts';
import { NervousSystem } from '../../lib/nervous-system.ts';

const app = new App();
const settings = readContext(app.node);
const config = await importConfig(settings.configFile);
new NervousSystem(app, settings.name, { config, ...settings });
Aspects.of(app).add({
  visit: (node) => {
    if (node instanceof CfnFunction)
      node.addPropertyOverride('Environment.Variables.WEBHOOKS_TO_LOOPBACK', 'on-emulator');
  },
});
app.synth();
