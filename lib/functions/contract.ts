/** The HTTP contract as the function `service` has it in its bundle: which routes there are, and the OpenAPI document. */
import { brotliCompressSync } from 'node:zlib';
import { openApiDocument, ROUTES } from '../../api/index.ts';

let made: Readonly<Record<string, string>> | undefined;

/** What lambdas/service/contract.ts declares, each as the text of a JavaScript value; made at the first call. */
export function contractConstants(): Readonly<Record<string, string>> {
  made ??= {
    CONTRACT_ROUTES: JSON.stringify(ROUTES.map(({ method, path, operationId }) => ({ method, path, operationId }))),
    CONTRACT_OPENAPI: JSON.stringify(brotliCompressSync(JSON.stringify(openApiDocument())).toString('base64')),
  };
  return made;
}
