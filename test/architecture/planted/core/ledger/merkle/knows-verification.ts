import '../verify/anything.ts';
