import '../postgres/anything.ts';
