/**
 * Which route a method and a path lead to. Paths are compared segment by segment before they are decoded, so an encoded
 * slash belongs to a parameter and `..` is a name like any other. A last parameter `{name+}` takes all that is left.
 */
import { must } from '../core/errors/index.ts';
import { orBlank } from '../core/values/index.ts';
import { ApiError } from './errors.ts';
import type { Route } from './route.ts';

export type RouteMatch<System> =
  | { readonly kind: 'route'; readonly route: Route<System>; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'method'; readonly allow: string }
  | { readonly kind: 'none' };

export type MatchRoute<System> = (method: string, path: string) => RouteMatch<System>;

interface Resource<System> {
  readonly segments: readonly string[];
  readonly routes: ReadonlyMap<string, Route<System>>;
  readonly allow: string;
}

const NO_PARAMS = {};

/** Compiles a table once. */
export function createRouteMatcher<System>(table: readonly Route<System>[]): MatchRoute<System> {
  const resources = [...Map.groupBy(table, ({ path }) => path)].map(([path, routes]) => resourceOf(path, routes));
  const fixed = new Map(resources.filter(isFixed).map((resource) => [resource.segments.join('/'), resource]));
  const templates = resources.filter((resource) => !isFixed(resource));
  return (method, path) => {
    const exact = fixed.get(path);
    if (exact !== undefined) return matchMethod(exact, method, []);
    const segments = path.split('/');
    const resource = templates.find((template) => fits(template.segments, segments));
    return resource === undefined ? { kind: 'none' } : matchMethod(resource, method, segments);
  };
}

function resourceOf<System>(path: string, routes: readonly Route<System>[]): Resource<System> {
  const byMethod = new Map(routes.map((route): [string, Route<System>] => [route.method, route]));
  const get = byMethod.get('GET');
  if (get !== undefined && get.unsafe !== true) byMethod.set('HEAD', get);
  return { segments: path.split('/'), routes: byMethod, allow: [...byMethod.keys(), 'OPTIONS'].sort().join(', ') };
}

function matchMethod<System>(
  { segments: template, routes, allow }: Resource<System>,
  method: string,
  path: string[],
): RouteMatch<System> {
  const route = routes.get(method);
  if (route === undefined) return { kind: 'method', allow };
  return { kind: 'route', route, params: path.length === 0 ? NO_PARAMS : decodeParams(template, path) };
}

function fits(template: readonly string[], path: readonly string[]): boolean {
  return (
    (template.length === path.length || (takesRest(template) && template.length < path.length)) &&
    template.every((segment, i) => (isParam(segment) ? path[i] !== '' : segment === path[i]))
  );
}

function decodeParams(template: readonly string[], path: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    template.flatMap((segment, i) => {
      if (!isParam(segment)) return [];
      const name = segment.replace(/^\{|\+?\}$/g, '');
      const taken = isRest(segment) ? path.slice(i) : [must(path[i], 'a segment of the path')];
      return [[name, taken.map((part) => decodeSegment(part, name)).join('/')]];
    }),
  );
}

function takesRest(template: readonly string[]): boolean {
  return isRest(orBlank(template.at(-1)));
}

function isRest(segment: string): boolean {
  return segment.endsWith('+}');
}

/** Clients encode a slash in an id twice, for gateways that decode paths; one that does not, and is encoded again, makes it three. */
const MAX_ENCODINGS = 3;

/** Decoded as often as it was encoded: no id holds a `%`. */
function decodeSegment(text: string, name: string): string {
  try {
    let decoded = decodeURIComponent(text);
    for (let times = 1; times < MAX_ENCODINGS && decoded.includes('%'); times++) decoded = decodeURIComponent(decoded);
    return decoded;
  } catch {
    const detail = 'is not percent-encoded UTF-8';
    throw new ApiError({
      code: 'REQUEST_INVALID',
      message: `path parameter ${name} ${detail}: encode it with encodeURIComponent`,
      problems: [{ pointer: `/${name}`, detail }],
      place: 'path',
    });
  }
}

function isFixed({ segments }: Pick<Resource<never>, 'segments'>): boolean {
  return !segments.some(isParam);
}

function isParam(segment: string): boolean {
  return segment.startsWith('{');
}
