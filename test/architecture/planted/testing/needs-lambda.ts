import '../lambdas/other/handler.ts';
