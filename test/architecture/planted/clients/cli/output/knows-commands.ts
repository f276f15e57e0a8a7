import '../commands/anything.ts';
