/**
 * A Lambda function that hands its event to this process and answers what this process answers: real to all who invoke it,
 * with the test's own code inside. Only where functions run on this machine.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import {
  CreateRoleCommand,
  EntityAlreadyExistsException,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateFunctionCommand, DeleteFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';

const ROLE_NAME = 'nervous-test-nobody';
const ASSUMED_BY = ['lambda', 'states'].map((service) => ({
  ...{ Effect: 'Allow', Action: 'sts:AssumeRole' },
  Principal: { Service: `${service}.amazonaws.com` },
}));

/** Of any function or machine of a test: it may invoke functions, and nothing else. @returns its ARN */
export async function testRole(): Promise<string> {
  const iam = new IAMClient();
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: ASSUMED_BY });
  await iam.send(new CreateRoleCommand({ RoleName: ROLE_NAME, AssumeRolePolicyDocument: trust })).catch(unlessThere);
  const invoke = { Effect: 'Allow', Action: ['lambda:InvokeFunction', 'states:StartExecution'], Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [invoke] });
  await iam.send(new PutRolePolicyCommand({ RoleName: ROLE_NAME, PolicyName: 'invoke', PolicyDocument }));
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: ROLE_NAME }));
  return Role?.Arn ?? '';
}

function unlessThere(error: unknown): void {
  if (!(error instanceof EntityAlreadyExistsException)) throw error;
}

/** A line of output, because the emulator waits for one. */
const CODE = `exports.handler = async (event) => {
  console.log('handed over');
  const response = await fetch(process.env.SERVER, { method: 'POST', body: JSON.stringify(event) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
};`;

export interface ServedFunction {
  readonly arn: string;
  close(): Promise<void>;
}

/** @param handle what it throws is what the function throws */
export async function serveFunction(
  name: string,
  handle: (event: unknown) => Promise<unknown>,
): Promise<ServedFunction> {
  const lambda = new LambdaClient();
  const server = await listen(handle);
  const { port } = server.address() as AddressInfo;
  const { FunctionArn: arn = '' } = await lambda.send(
    new CreateFunctionCommand({
      ...{ FunctionName: name, Role: await testRole(), Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 30 },
      Code: { ZipFile: zip('index.js', CODE) },
      Environment: { Variables: { SERVER: `http://127.0.0.1:${port}` } },
    }),
  );
  return {
    arn,
    close: async () => {
      await lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listen(handle: (input: unknown) => Promise<unknown>): Promise<Server> {
  const server = createServer((request, response) => {
    void body(request)
      .then((text) => handle(JSON.parse(text)))
      .then(
        (answer) => response.end(JSON.stringify(answer)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** A zip archive of one file, stored (APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16). */
function zip(name: string, content: string): Buffer {
  const [file, data] = [Buffer.from(name), Buffer.from(content)];
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0); // version needed
  common.writeUInt16LE(0x21, 8); // 1980-01-01
  common.writeUInt32LE(crc32(data), 10);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(data.length, 18);
  common.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, file, data]);
  const attributes = Buffer.alloc(14);
  attributes.writeUInt32LE((0o100644 << 16) >>> 0, 6); // a plain file anyone may read
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), common, attributes, file]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]);
}
