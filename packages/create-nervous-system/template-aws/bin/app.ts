/** The CDK app: the same configuration, deployed. `npx cdk deploy --all` */
import { App } from 'aws-cdk-lib';
import { NervousSystem } from 'nervous-system-aws';
import { config } from '../nervous.config.ts';

const app = new App();
new NervousSystem(app, 'NervousSystem', {
  config,
  // The OIDC issuer whose tokens open the API: { issuer: 'https://login.example.com/', audience: ['nervous'] }. Until then, IAM alone.
  jwt: undefined,
  // `prod` keeps everything when a stack is deleted; it is the default.
  stage: 'dev',
});
