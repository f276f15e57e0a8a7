/** The whole system in one process, on one data folder; and what can be done with such a folder while nothing runs. */
export * from '../../adapters/embedded/index.ts';
