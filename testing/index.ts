/** For the tests of modules: the whole system in memory, on a clock that moves when it is told. docs/module-guide.md */
export { startTestSystem, type TestSystem, type TestSystemOptions } from './test-system.ts';
export type { TestClock } from './test-clock.ts';
