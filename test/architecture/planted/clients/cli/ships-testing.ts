import '../../testing/index.ts';
