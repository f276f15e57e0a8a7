export { handler } from '../other/handler.ts';
