export { memory } from '../adapters/memory/index.ts';
