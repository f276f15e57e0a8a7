import '../memory/index.ts';
