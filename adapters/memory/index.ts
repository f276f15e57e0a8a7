export { MemoryStore, type FaultHooks, type MemoryStoreOptions } from './memory-store.ts';
export { CountingIds, FakeClock, ImpatientClock, localSealer, memoryRootSigner } from './test-doubles.ts';
export { MemoryLog, type LogFaults } from './memory-log.ts';
