import '../../adapters/embedded/index.ts';
