// The API over HTTP on a loopback port, for this folder's tests: all that it has but authentication, flow control and other servers.
import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KindDefinition } from '@berth/machinery';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { onTestFinished } from 'vitest';
import type { TokenIssuer } from '../authentication/service-accounts/token-issuer.ts';
import { componentStatuses, tokenReviews } from '../core/index.ts';
import { admin, startTestServer } from '../core/test-server.ts';
import type { FurtherGroups } from '../documents/further-groups.ts';
import { ApiHttp, type ApiHttpOptions } from './api-http.ts';
import { ApiMetrics } from './api-metrics.ts';
import { FixedPaths, type Monitoring } from './fixed-paths.ts';
import { PodLogs } from './pod-logs.ts';
import { PodStreams } from './pod-streams.ts';
import { ProxyRequests } from './proxy/proxy-requests.ts';
import { ResourceRequests } from './resource-requests.ts';
import { Routes } from './routes.ts';
import { YamlBodies } from './yaml-body.ts';

export interface TestAnswer {
  code: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Of JSON. */
  body: Record<string, unknown>;
}

export type Ask = (
  method: string,
  path: string,
  options?: { accept?: string; type?: string; body?: unknown; headers?: Record<string, string> },
) => Promise<TestAnswer>;

/** No other server answers anything. */
const further: FurtherGroups = {
  groups: (kinds) =>
    [...Map.groupBy(kinds, ({ group }) => group)].map(([name, ofGroup]) => ({
      name,
      versions: [...Map.groupBy(ofGroup, ({ version }) => version)].map(([version, served]: [string, KindDefinition[]]) => ({
        version,
        kinds: served,
      })),
    })),
  paths: () => [],
  openApiV2Parts: () => [],
  openApiV3: () => new Map(),
};

/** Until the test has finished. */
export async function startTestHttp(): Promise<Ask> {
  const { server: api } = await startTestServer();
  api.serve((ports) => [
    componentStatuses({ roles: [], storeAnswers: () => Promise.resolve(true) }),
    tokenReviews(ports, async () => ({ problem: 'no token is any good' })),
  ]);
  const ports = { clock: systemClock, random: seededRandom(1) };
  const metrics = new ApiMetrics();
  const resources = new ResourceRequests({ api, ...ports, yaml: new YamlBodies(ports) });
  const issuer = { issuer: 'https://issuer', keys: { jwks: async () => ({ keys: [] }), accepted: new Map() } } as unknown as TokenIssuer;
  const fixedPaths = new FixedPaths({ api, metrics, serverAddress: 'berth:6443', issuer, further, monitoring: {} as Monitoring });
  const podStreams = new PodStreams(api, systemClock);
  const streams = { log: new PodLogs(api), exec: podStreams, proxy: new ProxyRequests(api, systemClock) };
  const unused = { serve: () => Promise.reject(new Error('nothing here asks for it')) };
  const http = new ApiHttp({
    ...{ api, metrics, ...ports, logger: silentLogger },
    authenticator: { authenticate: async () => admin } as unknown as ApiHttpOptions['authenticator'],
    flowControl: { admit: async () => undefined } as unknown as ApiHttpOptions['flowControl'],
    dashboard: unused as unknown as ApiHttpOptions['dashboard'],
    routes: new Routes({
      ...{ api, fixedPaths, resources, watchSockets: unused, streams, others: unused },
      imageRegistry: { ...unused, answers: async () => false },
    }),
  });
  const listening = createServer((request, response) => void http.handle(request, response));
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    http.stop();
    listening.closeAllConnections();
    listening.close();
    await api.stop();
  });
  const { port } = listening.address() as AddressInfo;
  return (method, path, { accept = 'application/json', type = 'application/json', body, headers: more = {} } = {}) => {
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { ...more, accept, ...(sent !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(sent) }) };
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve(whole(answer, Buffer.concat(chunks).toString())));
        answer.on('error', reject);
      });
      request.on('error', reject);
      request.end(sent);
    });
  };
}

function whole({ statusCode = 0, headers }: IncomingMessage, text: string): TestAnswer {
  // The lines of a watch are several.
  const isObject = headers['content-type'] === 'application/json' && text.startsWith('{') && !text.startsWith('{"type":"');
  return { code: statusCode, headers, text, body: isObject ? JSON.parse(text) : {} };
}
