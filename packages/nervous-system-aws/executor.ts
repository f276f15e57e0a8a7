/** For executors that run as Lambda functions of one's own: which root keys to trust. Nothing of the CDK is in it. */
export { rootKeys } from '../../adapters/aws/wiring/grant-keys.ts';
