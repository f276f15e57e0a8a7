export { handler } from '../lambdas/other/handler.ts';
