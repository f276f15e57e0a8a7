import './circle-b.ts'; export const a = 1;
