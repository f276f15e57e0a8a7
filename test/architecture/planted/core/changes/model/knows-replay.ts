import '../replay/anything.ts';
