import '../../../../support/anything.ts';
