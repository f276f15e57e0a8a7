/** The client for modules, agents and tools: publish, subscribe, propose, decide, read, verify. It runs in browsers, too. */
export * from '../../clients/sdk/index.ts';
