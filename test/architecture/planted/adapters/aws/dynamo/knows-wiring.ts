import '../wiring/anything.ts';
