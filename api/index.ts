/** The HTTP contract: one request to one response, on any transport, and the types clients see. */
export { ApiError, type ApiErrorCode, type ErrorCode } from './errors.ts';
export { handleRequest, type ApiHooks } from './handle-request.ts';
export { problemResponse } from './problem.ts';
export { bodyTooLarge, MAX_BODY_BYTES } from './read-body.ts';
export type { ApiRequest, ApiResponse, RequestHeaders } from './route.ts';
export { openApiDocument, ROUTES } from './route-table.ts';
export * from './schemas/index.ts';
