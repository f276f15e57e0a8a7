/** Takes the place of the SDK's memory of discovered endpoints in a bundle: no client here discovers any. */
export class EndpointCache {
  get(): never {
    throw new Error('this bundle discovers no endpoints: see lib/functions/bundling.ts');
  }
}
