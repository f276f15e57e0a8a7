/** Where in the console somebody is: the address behind the `#`. */
import { useEffect, useState } from 'preact/hooks';

/** Segments, decoded: `#/changes/x` is `['changes', 'x']`. */
export function useRoute(): readonly string[] {
  const [route, setRoute] = useState(routeNow);
  useEffect(() => {
    const follow = (): void => setRoute(routeNow());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

export function addressOf(...segments: readonly string[]): string {
  return `#/${segments.map(encodeURIComponent).join('/')}`;
}

function routeNow(): readonly string[] {
  const segments = location.hash.replace(/^#\/?/, '').split('/');
  return segments.filter((one) => one !== '').map(decoded);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
