import type { IncomingMessage } from 'node:http';
import { Deployment, Pod } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { expect, test } from 'vitest';
import { isLongRunning, parsedRequest } from './parsed-request.ts';
import { requestLabels } from './request-labels.ts';

function request(method: string, url: string, more: object = {}): IncomingMessage {
  return { method, url, httpVersionMajor: 1, rawHeaders: ['Host', 'a'], headers: {}, ...more } as IncomingMessage;
}

test.each([
  ['two Host headers', { rawHeaders: ['Host', 'a', 'HOST', 'b'] }, 'too many Host headers'],
  ['HTTP/0.9', { httpVersionMajor: 0, rawHeaders: [] }, 'unsupported protocol version'],
])('%s are refused', (_, more, message) => {
  expect(() => parsedRequest(request('GET', '/version', more))).toThrow(message);
});

const pods = '/api/v1/namespaces/n/pods';

test.each([
  ['GET', pods, { verb: 'list', namespace: 'n', name: undefined }],
  ['HEAD', `${pods}/p`, { verb: 'get', name: 'p' }],
  ['GET', `${pods}?watch=1`, { verb: 'watch' }],
  ['GET', '/api/v1/watch/pods', { verb: 'watch', namespace: undefined }],
  ['GET', `${pods}?fieldSelector=metadata.name%3Dp`, { verb: 'list', name: 'p' }],
  [
    'GET',
    '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1',
    { verb: 'list', fieldSelector: [{ field: 'spec.nodeName', operator: '=', value: 'n1' }] },
  ],
  ['GET', `${pods}?fieldSelector=%3D%3D`, { verb: 'list', name: undefined }],
  ['POST', `${pods}/p`, { verb: 'create', name: 'p' }],
  ['POST', `${pods}/p/exec`, { verb: 'create', subresource: 'exec' }],
  ['DELETE', pods, { verb: 'deletecollection' }],
  ['DELETE', `${pods}?fieldSelector=metadata.name%3Dp`, { verb: 'deletecollection', name: undefined }],
  ['OPTIONS', pods, { verb: '' }],
  ['HEAD', '/version', { verb: 'get', path: '/version' }],
])('%s %s is asked for as', (method, url, attributes) => {
  expect(parsedRequest(request(method, url)).attributes).toMatchObject(attributes);
});

const empty = { dry_run: '', component: 'apiserver' };
const pod = { ...empty, group: '', version: 'v1', resource: 'pods', subresource: '' };

test.each([
  ['GET', pods, { ...pod, verb: 'LIST', scope: 'namespace' }],
  ['GET', '/api/v1/pods', { ...pod, verb: 'LIST', scope: 'cluster' }],
  ['HEAD', `${pods}/p`, { ...pod, verb: 'GET', scope: 'resource' }],
  ['GET', `${pods}?watch=true`, { ...pod, verb: 'WATCH', scope: 'namespace' }],
  ['GET', `${pods}/p/log`, { ...pod, verb: 'GET', scope: 'resource', subresource: 'log' }],
  ['POST', pods, { ...pod, verb: 'POST', scope: 'resource' }],
  ['POST', `${pods}?dryRun=All`, { ...pod, verb: 'POST', scope: 'resource', dry_run: 'All' }],
  ['POST', `${pods}?dryRun=some`, { ...pod, verb: 'POST', scope: 'resource', dry_run: 'invalid' }],
  ['PUT', `${pods}/p/status`, { ...pod, verb: 'PUT', scope: 'resource', subresource: 'status' }],
  ['DELETE', pods, { ...pod, verb: 'DELETE', scope: 'namespace' }],
  ['GET', `${pods}/p/exec`, { ...pod, verb: 'CONNECT', scope: 'resource', subresource: 'exec' }],
  ['DELETE', `${pods}/p/proxy/a/b`, { ...pod, verb: 'CONNECT', scope: 'resource', subresource: 'proxy' }],
  ['GET', `${pods}/p/made-up`, { ...pod, verb: 'GET', scope: 'resource' }],
  ['BREW', pods, { ...pod, verb: 'other', scope: 'namespace' }],
])('%s %s is counted as Kubernetes counts it', (method, url, labels) => {
  const asked = request(method, url);
  expect(requestLabels(asked, parsedRequest(asked), Pod as unknown as KindDefinition)).toEqual(labels);
});

test('server-side apply, and what is no resource', () => {
  const apply = request('PATCH', '/apis/apps/v1/namespaces/n/deployments/d', {
    headers: { 'content-type': 'application/apply-patch+yaml' },
  });
  expect(requestLabels(apply, parsedRequest(apply), Deployment as unknown as KindDefinition)).toMatchObject({
    verb: 'APPLY',
    group: 'apps',
    version: 'v1',
  });
  const labels = (url: string) => requestLabels(request('GET', url), parsedRequest(request('GET', url)), undefined);
  const none = { ...empty, group: '', version: '', resource: '', scope: '' };
  expect(labels('/healthz')).toEqual({ ...none, verb: 'GET', subresource: '/healthz' });
  expect(labels('/a-path-of-the-client')).toEqual({ ...none, verb: 'GET', subresource: '' });
  expect(labels('/apis/made.up/v1/things')).toEqual({ ...none, verb: 'GET', subresource: '' });
});

test.each([
  ['GET', `${pods}?watch=true`, true],
  ['GET', `${pods}/p/log`, true],
  ['POST', `${pods}/p/attach`, true],
  ['GET', '/api/v1/nodes/n/proxy/metrics', true],
  ['GET', pods, false],
  // Whatever the resource, as in Kubernetes: another server may have it.
  ['GET', '/apis/apps/v1/namespaces/n/deployments/d/log', true],
])('%s %s is long-running: %s', (method, url, isLong) => {
  expect(isLongRunning(parsedRequest(request(method, url)))).toBe(isLong);
});
