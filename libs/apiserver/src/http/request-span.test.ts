// Who may say that a request belongs to a trace, and what its span is called.
import { Readable } from 'node:stream';
import { seededRandom } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { type FinishedSpan, Tracer } from '@berth/telemetry/tracing';
import { expect, test } from 'vitest';
import type { ServedRequest } from '../core/served-message.ts';
import { requestSpan } from './request-span.ts';

const given = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = `00-${given.traceId}-${given.spanId}-01`;
const pod = { group: '', version: 'v1', namespace: 'shop', resource: 'pods', name: 'web', subresource: 'log' };

function spanOf(
  groups: string[],
  rate: number,
  headers: object = { traceparent },
  path: typeof pod | null = pod,
): FinishedSpan | undefined {
  const finished: FinishedSpan[] = [];
  const clock = new SimulatedClock(0);
  const options = { clock, random: seededRandom(1), service: 's', samplingRatePerMillion: rate };
  const tracer = new Tracer({ ...options, finished: (span) => finished.push(span) });
  const parts = { method: 'GET', url: '/a?b', headers, httpVersionMajor: 2, httpVersion: '2.0', socket: { remoteAddress: '192.0.2.9' } };
  const request = Object.assign(Readable.from([]), parts) as unknown as ServedRequest;
  requestSpan(tracer, { request, auditId: 'id', path: path ?? undefined, user: { name: 'u', groups }, startMs: 0 }).end();
  return finished[0];
}

test.each(['system:masters', 'system:monitoring'])('%s says what is traced, and below what', (group) => {
  const span = spanOf(['system:authenticated', group], 0);
  expect(span).toMatchObject({
    ...{ name: 'GET /api/v1/namespaces/{:namespace}/pods/{:name}/log', kind: 'server', parentSpanId: given.spanId, links: [] },
    context: { traceId: given.traceId },
    attributes: { 'http.request.method': 'GET', 'http.target': '/a?b', 'client.address': '192.0.2.9', 'audit-id': 'id' },
  });
});

test('others have their traces linked, and do not decide that anything is traced', () => {
  expect(spanOf(['system:authenticated'], 0)).toBeUndefined();
  const span = spanOf(['system:authenticated'], 1_000_000);
  expect(span).toMatchObject({ parentSpanId: undefined, links: [given] });
  expect(span?.context.traceId).not.toBe(given.traceId);
});

test('whoever traces nothing has it traced by chance', () => {
  expect(spanOf(['system:masters'], 0, {})).toBeUndefined();
  expect(spanOf(['system:masters'], 1_000_000, { traceparent: 'nonsense' })).toMatchObject({ parentSpanId: undefined, links: [] });
});

test.each<[Partial<typeof pod> | null, string]>([
  [null, 'GET'],
  [{ group: 'apps', namespace: '', name: '', subresource: '', resource: 'deployments' }, 'GET /apis/apps/v1/deployments'],
  [{ subresource: '', name: '' }, 'GET /api/v1/namespaces/{:namespace}/pods'],
])('a span is named after what is asked for: %o', (change, name) => {
  expect(spanOf(['system:masters'], 0, { traceparent }, change && { ...pod, ...change })).toMatchObject({ name });
});
