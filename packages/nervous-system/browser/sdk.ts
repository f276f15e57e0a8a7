/** The client for browsers: that of `nervous-system/sdk` without what executors are made of, which need a server's keys and files. */
export { createClient, type Client } from '../../../clients/sdk/client.ts';
export { NotAsShown } from '../../../clients/sdk/displayed-change.ts';
export { ApiProblem, Unreachable } from '../../../clients/sdk/connection/problems.ts';
export { caused } from '../../../core/events/index.ts';
