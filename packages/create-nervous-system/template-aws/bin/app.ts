/** The CDK app: the same configuration, deployed, and the executor beside it. `npx cdk deploy --all` */
import { App } from 'aws-cdk-lib';
import { NervousSystem } from 'nervous-system-aws';
import { config } from '../nervous.config.ts';
import { RefundsStack } from '../refunds-stack.ts';

const app = new App();
new NervousSystem(app, 'NervousSystem', {
  config,
  // The OIDC issuer whose tokens open the API: { issuer: 'https://login.example.com/', audience: ['nervous'] }. Until then, IAM alone.
  jwt: undefined,
  // `prod` keeps everything when a stack is deleted; it is the default.
  stage: 'dev',
  // Functions of your own for executors of the configuration. Those that plan and carry out change-sets may invoke them, nobody else.
  executors: (ledger) => ({ refunds: new RefundsStack(app, 'Refunds', { ledger }).executor }),
});
