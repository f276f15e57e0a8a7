/** The HTTP contract: one request to one response, on any transport, and the types clients see. */
export { createRequestHandler, type ApiHooks, type HandleRequest } from './create-request-handler.ts';
export { ApiError, type ApiErrorCode, type ErrorCode } from './errors.ts';
export { handleRequest } from './handle-request.ts';
export { metricsRoute } from './routes/metrics.ts';
export { noticeRoutes } from './routes/notices.ts';
export { problemResponse } from './problem.ts';
export { bodyTooLarge, MAX_BODY_BYTES } from './read-body.ts';
export type { ApiRequest, ApiResponse, RequestHeaders, Route, StreamedBody } from './route.ts';
export { openApiDocument, ROUTE_GROUPS, type RouteGroup } from './route-groups.ts';
export { ROUTES, routesWith } from './route-table.ts';
export * from './schemas/index.ts';
