/**
 * An executor of the app's own as a Lambda function: bundled, told which ledger to trust, and allowed to ask for the public half of
 * its root key. What it may do beside that, whoever makes it grants. Its code says `rootKeys()` of `nervous-system-aws/executor`.
 */
import { resolve } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  type FunctionOptions,
} from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { LedgerResources } from '../ledger-resources.ts';
import { executorCode } from './lambda-code.ts';

/** One call is waited for at most 25 s; the effect of a longer one is found by `status`. */
const TIMEOUT = Duration.seconds(30);
const MEMORY_MIB = 512;

export interface ExecutorFunctionProps extends FunctionOptions {
  /** the module that exports `handler`, e.g. `refunds-function.ts`; relative to the folder where the app runs */
  readonly entry: string;
  /** what `executors` of NervousSystem is called with */
  readonly ledger: Pick<LedgerResources, 'rootKey'>;
  /** of the ledger, as the configuration has it: the name that its root key signs under */
  readonly origin: string;
}

export class ExecutorFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, { entry, ledger, origin, environment, ...options }: ExecutorFunctionProps) {
    super(scope, id, {
      ...{ runtime: Runtime.NODEJS_24_X, architecture: Architecture.ARM_64, handler: 'index.handler' },
      ...{ code: executorCode(resolve(entry)), timeout: TIMEOUT, memorySize: MEMORY_MIB },
      ...{ loggingFormat: LoggingFormat.JSON, environment: { ...environment, ...trusted({ ledger, origin }) } },
      ...options,
    });
    const { keyArn } = ledger.rootKey;
    this.addToRolePolicy(new PolicyStatement({ actions: ['kms:GetPublicKey'], resources: [keyArn] }));
  }
}

function trusted({ ledger, origin }: Pick<ExecutorFunctionProps, 'ledger' | 'origin'>): Record<string, string> {
  return { ROOT_KEY_ID: ledger.rootKey.keyId, LEDGER_ORIGIN: origin };
}
