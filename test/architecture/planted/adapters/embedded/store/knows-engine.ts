import '../engine.ts';
