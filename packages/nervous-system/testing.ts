/** For the tests of modules: the whole system in memory, on a clock that moves when it is told. */
export * from '../../testing/index.ts';
