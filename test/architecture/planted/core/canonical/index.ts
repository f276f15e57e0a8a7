export const canonical = 1;
