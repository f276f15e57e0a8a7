import '../assembly/anything.ts';
