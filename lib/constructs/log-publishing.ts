/**
 * What makes the log public: the publisher, run every minute, and the witness that it asks. The witness has a key and a
 * memory that nobody else may use; nothing but its answers connects it to the rest, so it can be deployed elsewhere.
 */
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { systemEnvironment } from '../functions/environment-variables.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import { NervousFunction } from '../functions/nervous-function.ts';
import { runEvery } from '../functions/schedule.ts';

/** So often a checkpoint is made while the log grows. Each costs a signature, an anchor for years, and a few files. */
const INTERVAL = Duration.minutes(1);
/** After an outage there may be many entries to publish. */
const TIMEOUT = Duration.minutes(5);

export interface LogPublishingProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
}

export class LogPublishing extends Construct {
  constructor(scope: Construct, id: string, props: LogPublishingProps) {
    super(scope, id);
    const environment = systemEnvironment(this, props.deployment, props.ledger);
    new NervousFunction(this, 'Witness', { ...props, lambda: 'witness', environment });
    const publisher = new NervousFunction(this, 'Publisher', {
      ...props,
      lambda: 'log-publisher',
      environment,
      timeout: TIMEOUT,
    });
    runEvery(publisher, INTERVAL);
  }
}
