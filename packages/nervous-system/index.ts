/** What a module of a nervous system needs most: its configuration, and a client. The rest is behind `/engine` and `/testing`. */
export * from './config.ts';
export { createClient, type Client } from '../../clients/sdk/index.ts';
