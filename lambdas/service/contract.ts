/**
 * The whole contract as data, written into the bundle when it is made (lib/functions/contract.ts): the code of routes that
 * others serve would otherwise be loaded here at each cold start, only to be described.
 */
import { brotliDecompressSync } from 'node:zlib';
import type { OutlinedRoute } from './refusing-others.ts';

declare const CONTRACT_ROUTES: readonly OutlinedRoute[];
/** JSON, compressed by Brotli, in base64 */
declare const CONTRACT_OPENAPI: string;

export const contract = {
  routes: CONTRACT_ROUTES,
  openApi: () => JSON.parse(brotliDecompressSync(Buffer.from(CONTRACT_OPENAPI, 'base64')).toString()) as object,
};
