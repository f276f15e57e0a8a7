/**
 * The request line's target, as it was before API Gateway decoded the path. The gateway decodes once, before it looks for a
 * route, so `%2F` in an id is a slash to it; the SDK sends `%252F`, which arrives as `%2F` and belongs to the id.
 */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { orBlank } from '../../../core/values/index.ts';

/** The gateway's route for entities whose id came with plain slashes. */
const ENTITIES_REST = '/v1/entities/{proxy+}';
const ENTITY_VERBS = ['entries', 'verify'];

type Target = Pick<APIGatewayProxyEventV2, 'rawPath' | 'rawQueryString' | 'routeKey' | 'pathParameters'>;

export function requestTarget(event: Target): string {
  const path = pathOf(event);
  return event.rawQueryString === '' ? path : `${path}?${event.rawQueryString}`;
}

function pathOf({ rawPath, routeKey, pathParameters = {} }: Target): string {
  const template = routeKey.slice(routeKey.indexOf(' ') + 1);
  if (template === ENTITIES_REST) return entityPath(orBlank(pathParameters['proxy']));
  if (!template.startsWith('/')) return encodeSegments(rawPath); // $default: no route of ours
  return template
    .split('/')
    .map((segment) => {
      const [, name, rest] = /^\{(\w+)(\+?)\}$/.exec(segment) ?? [];
      if (name === undefined) return segment;
      const value = orBlank(pathParameters[name]);
      return rest === '+' ? encodeSegments(value) : encodeURIComponent(value);
    })
    .join('/');
}

/** A last segment that is a verb is taken for one: an id that ends like this is reached by encoding its slashes twice. */
function entityPath(rest: string): string {
  const segments = rest.split('/');
  const last = orBlank(segments.at(-1));
  const isVerb = segments.length > 1 && ENTITY_VERBS.includes(last);
  const id = encodeURIComponent((isVerb ? segments.slice(0, -1) : segments).join('/'));
  return isVerb ? `/v1/entities/${id}/${last}` : `/v1/entities/${id}`;
}

function encodeSegments(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
