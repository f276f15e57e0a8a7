export { startEngine, type Engine, type EngineOptions } from './engine.ts';
export { EngineError, type EngineErrorCode } from './errors.ts';
export { verifyDataDir, type VerifyDataDirOptions } from './verify-data-dir.ts';
