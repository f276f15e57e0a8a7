/**
 * Once per `npm run test:dynamodb-local`: Amazon's own DynamoDB Local, from Maven Central, in memory on 127.0.0.1 and a free port; the tests
 * find it by their environment, as they find the emulator. Needs Java 17 and Maven.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POM = join(import.meta.dirname, 'pom.xml');
const CACHE = join(import.meta.dirname, '../../../.cache/dynamodb-local');
const MAIN = 'software.amazon.dynamodb.services.local.main.ServerRunner';
const START_TRIES = 2_400;
const POLL_MS = 100;

export default async function setup(): Promise<() => Promise<void>> {
  const jars = await prepareJars();
  const port = await freePort();
  const server = spawn(
    'java',
    [
      `-Djava.library.path=${jars}`,
      '-cp',
      join(jars, '*'),
      MAIN,
      '-inMemory',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    { cwd: CACHE, stdio: 'ignore' }, // it keeps a file where it runs
  );
  const endpoint = `http://127.0.0.1:${port}`;
  await untilAnswering(endpoint, server);
  // The test processes inherit it: an SDK client needs no options.
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true' },
  });
  return async () => {
    const ended = once(server, 'exit');
    server.kill();
    await ended;
  };
}

/** @returns the folder with the server and all it needs: fetched once per content of pom.xml */
async function prepareJars(): Promise<string> {
  const jars = join(CACHE, createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 16));
  if (existsSync(jars)) return jars;
  await mkdir(CACHE, { recursive: true });
  const unfinished = `${jars}.${process.pid}`;
  const copy = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`];
  await run('mvn', copy).catch((cause: unknown) => {
    throw new Error('DynamoDB Local cannot be fetched: Java 17 and Maven are needed (apt-get install maven)', {
      cause,
    });
  });
  await rename(unfinished, jars).catch(async (error: unknown) => {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(jars)) throw error;
  });
  return jars;
}

async function untilAnswering(endpoint: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < START_TRIES; tries++) {
    if (server.exitCode !== null) throw new Error(`DynamoDB Local ended with code ${server.exitCode}`);
    const isUp = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await sleep(POLL_MS);
  }
  server.kill();
  throw new Error('DynamoDB Local does not answer');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
