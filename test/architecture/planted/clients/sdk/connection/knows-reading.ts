import '../reading/anything.ts';
