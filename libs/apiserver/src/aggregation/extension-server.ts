// A server that extends the API, for tests: HTTPS on the loopback address, with an authority of its own, that wants this server's
// certificate as front proxy and says what it was asked.
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type APIService, EndpointSlice, Service } from '@berth/api';
import type { Client } from '@berth/client';
import { CertificateAuthority, FrontProxy } from '@berth/pki';
import { systemClock } from '@berth/telemetry';

export const group = 'shop.example.com';
export const discoveryType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface Asked {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  /** Of the client's certificate, when it is the front proxy's. */
  proxy: string | undefined;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface ExtensionServer {
  port: number;
  /** PEM in base64. */
  caBundle: string;
  frontProxy: FrontProxy;
  asked: Asked[];
  /** What it answers beyond what every such server does; may be replaced. */
  handler: Handler;
  upgrade: (request: IncomingMessage, socket: Duplex) => void;
  /** Connections that are open. */
  open: Set<Socket>;
  connect(): Promise<{ stream: Duplex; host: string }>;
  stop(): Promise<void>;
}

/** @param frontProxy whom to believe; default one of its own */
export async function startExtensionServer(frontProxy?: FrontProxy): Promise<ExtensionServer> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-extension-'));
  const authority = await CertificateAuthority.open(directory, systemClock, 'extension-ca');
  const proxy = frontProxy ?? (await FrontProxy.open(directory, systemClock));
  await rm(directory, { recursive: true });
  const { certificate, key } = await authority.issueServing('api', ['api.shop.svc']);
  const asked: Asked[] = [];
  const open = new Set<Socket>();
  const extension: Pick<ExtensionServer, 'handler' | 'upgrade'> = {
    handler: (_request, response) => void response.writeHead(404).end(),
    upgrade: (_request, socket) => void socket.destroy(),
  };
  const options = { cert: certificate, key, ca: proxy.authority.pem, requestCert: true, rejectUnauthorized: false };
  const seen = (request: IncomingMessage) => {
    const { method, url, headers } = request;
    const socket = request.socket as TLSSocket;
    asked.push({ method, url, headers, proxy: socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined });
  };
  const server = createServer(options, (request, response) => {
    seen(request);
    if (!discovered(request, response)) extension.handler(request, response);
  });
  server.on('upgrade', (request, socket) => {
    seen(request);
    extension.upgrade(request, socket);
  });
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(extension, {
    port,
    caBundle: Buffer.from(authority.pem).toString('base64'),
    frontProxy: proxy,
    asked,
    open,
    connect: async () => ({ stream: connect(port, '127.0.0.1'), host: `127.0.0.1:${port}` }),
    stop: async () => {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export const items = { resource: 'items', singularResource: 'item', scope: 'Namespaced', verbs: ['get', 'list', 'delete'] };
const responseKind = { group, version: 'v1', kind: 'Item' };

/** Whether it was one of the documents that every such server has. */
function discovered({ url = '', headers }: IncomingMessage, response: ServerResponse): boolean {
  const send = (body: unknown, more: Record<string, string> = {}) => {
    response.writeHead(200, { 'content-type': 'application/json', ...more }).end(JSON.stringify(body));
    return true;
  };
  if (url === '/apis' && headers['if-none-match'] === '"one"') {
    response.writeHead(304).end();
    return true;
  }
  if (url === '/apis') {
    const versions = [{ version: 'v1', resources: [{ ...items, responseKind }], freshness: 'Current' }];
    const list = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items: [{ metadata: { name: group }, versions }] };
    return send(list, { 'content-type': discoveryType, etag: '"one"' });
  }
  if (url === `/apis/${group}/v1`) {
    const resources = [{ name: 'items', singularName: 'item', namespaced: true, kind: 'Item', verbs: items.verbs }];
    return send({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/v1`, resources });
  }
  const hash = `/openapi/v3/apis/${group}/v1?hash=ABC`;
  if (url === '/openapi/v3') return send({ paths: { [`apis/${group}/v1`]: { serverRelativeURL: hash } } });
  if (url === hash) return send({ openapi: '3.0.0', info: { title: 'Shop' }, paths: {}, components: { schemas: {} } });
  if (url !== '/openapi/v2') return false;
  const gvk = { 'x-kubernetes-group-version-kind': [responseKind] };
  const item = { type: 'object', properties: { size: { $ref: '#/definitions/Size' }, odd: 'no schema' }, ...gvk };
  const definitions = { Item: item, Size: { type: 'integer', description: 5 }, Other: { type: 'object' } };
  return send({ swagger: '2.0', definitions, paths: { [`/apis/${group}/v1/items`]: { get: {} }, '/apis/other/v1/x': {} } });
}

export function apiService(change: Partial<APIService['spec']> = {}, version = 'v1'): APIService {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}` },
    spec: { group, version, groupPriorityMinimum: 2000, versionPriority: 200, service: { namespace: 'shop', name: 'api' }, ...change },
  };
}

/** The service and an endpoint of it, without which nobody is asked. @param pod whose the endpoint is */
export async function makeService(client: Client, pod?: string): Promise<void> {
  const metadata = { namespace: 'shop', name: 'api' };
  const spec = { ports: [{ name: 'https', port: 443 }] };
  await client.create(Service, { apiVersion: 'v1', kind: 'Service', metadata, spec });
  await client.create(EndpointSlice, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, name: 'api-1', labels: { 'kubernetes.io/service-name': 'api' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: 8443, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true }, ...(pod && { targetRef: { kind: 'Pod', name: pod } }) }],
  });
}
