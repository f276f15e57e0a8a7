import './circle-a.ts'; export const b = 1;
