/** The sample, whose webhooks may go to this machine. */
export { config } from './webhook-fixture.ts';
