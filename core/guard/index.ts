export {
  askBreaker,
  breakerAfter,
  createBreaker,
  DEFAULT_BREAKER,
  type Breaker,
  type BreakerSettings,
  type BreakerVerdict,
} from './breaker.ts';
export { BUDGET_NAMES, Budgets, budgetsSchema, type BudgetLimits, type BudgetName, type Spent } from './budgets.ts';
export { loopAfter, type LoopSettings, type LoopStep, type Origin } from './loop.ts';
export { protectionProblems, protectionSchema, stormLimit, type Protection } from './settings.ts';
export { STORM_WINDOW_MS, stormAfter, stormShare, type StormStep } from './storm.ts';
export { oweTokens, takeTokens, tokenMsOf, type Rate, type TokenGrant } from './token-bucket.ts';
export { atLeast, countIn, type Window } from './window.ts';
