/**
 * A registry of npm with our packages in it, on this machine: what is not ours, it says where to find. So strangers' commands are
 * those that they would type if the packages were published.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

interface Published {
  readonly tarball: Buffer;
  readonly manifest: { readonly name: string; readonly version: string };
}

/** @param upstream the registry that has everybody else's packages */
export async function startRegistry(tarballs: readonly string[], upstream: string): Promise<Registry> {
  const packages = new Map(tarballs.map(published).map((one) => [one.manifest.name, one]));
  const server = createServer(({ url: path = '/' }, response) => {
    const [, name = '', dash] = path.split('/');
    const ours = packages.get(name);
    if (ours === undefined) response.writeHead(307, { location: new URL(path.slice(1), upstream).href }).end();
    else if (dash === '-') response.end(ours.tarball);
    else answer(response, ours, url);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function published(path: string): Published {
  const tarball = readFileSync(path);
  const folder = join(dirname(path), path.replace(/^.*\/|-\d+\.\d+\.\d+\.tgz$/g, ''));
  return { tarball, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Published['manifest'] };
}

/** yarn 4 takes nothing that was published within the last day. */
const LONG_AGO = '2026-01-01T00:00:00.000Z';

/** https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md: what npm install reads of it */
function answer(response: ServerResponse, { tarball, manifest }: Published, registry: string): void {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const dist = { tarball: `${registry}${name}/-/${name}-${version}.tgz`, integrity };
  const versions = { [version]: { ...manifest, dist } };
  const packument = { name, 'dist-tags': { latest: version }, versions, time: { [version]: LONG_AGO } };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(packument));
}
