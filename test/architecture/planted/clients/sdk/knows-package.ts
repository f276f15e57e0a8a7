import '../../packages/nervous-system/index.ts';
