/** An outbox in the module's own PostgreSQL: a row and its event commit together. */
export * from '../../clients/outbox/postgres/index.ts';
