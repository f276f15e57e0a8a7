import '../../adapters/memory/index.ts';
