/** The HTTP contract's response as an HTTP API takes it (payload 2.0). */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ApiResponse } from '../../../api/route.ts';

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

export function toApiResult({ status, headers, body }: ApiResponse): APIGatewayProxyStructuredResultV2 {
  const { connection: _ofTheGateway, ...ours } = headers;
  const result = { statusCode: status, headers: { ...COMMON_HEADERS, ...ours } };
  if (body === undefined) return result;
  if (typeof body === 'string') return { ...result, body, isBase64Encoded: false };
  if (!(body instanceof Uint8Array)) throw new TypeError('a stream cannot be handed on: the request said "buffered"');
  return { ...result, body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
}
