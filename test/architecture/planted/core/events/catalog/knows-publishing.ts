import '../publishing/anything.ts';
