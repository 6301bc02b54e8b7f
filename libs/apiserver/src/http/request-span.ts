// The span of a request, as kube-apiserver makes it: named after what is asked for, below the span that its client names in `traceparent`,
// if the client may decide that something is traced. Of others the span is linked, and whether it is traced is decided here.
import { parseTraceparent, type Span, type SpanContext, type Tracer } from '@berth/telemetry/tracing';
import type { ResourcePath } from '../core/request-info.ts';
import type { ServedRequest } from '../core/served-message.ts';
import type { User } from '../core/types.ts';

const trusted = ['system:masters', 'system:monitoring'];
/** Of texts from clients. */
const textLengthMax = 512;

export interface SpannedRequest {
  request: ServedRequest;
  auditId: string;
  path: ResourcePath | undefined;
  user: User;
  /** Monotonic. */
  startMs: number;
}

export function requestSpan(tracer: Tracer, { request, auditId, path, user, startMs }: SpannedRequest): Span {
  const { headers, method = '', url = '/', socket } = request;
  const given = parseTraceparent(headers.traceparent);
  return tracer.start(path ? `${method} ${pathTemplate(path)}` : method, {
    kind: 'server',
    startMonotonicMs: startMs,
    ...relation(given, user),
    attributes: {
      'http.request.method': method,
      'http.target': url.slice(0, textLengthMax),
      'network.protocol.version': request.httpVersionMajor === 2 ? '2' : request.httpVersion,
      'client.address': socket.remoteAddress ?? '',
      'user_agent.original': (headers['user-agent'] ?? '').slice(0, textLengthMax),
      'audit-id': auditId,
    },
  });
}

function relation(given: SpanContext | undefined, { groups }: User): { parent?: SpanContext; links?: SpanContext[] } {
  if (!given) return {};
  return groups.some((group) => trusted.includes(group)) ? { parent: given } : { links: [given] };
}

function pathTemplate({ group, version, namespace, resource, name, subresource }: ResourcePath): string {
  const root = group ? `/apis/${group}` : '/api';
  const parts = [version, ...(namespace ? ['namespaces', '{:namespace}'] : []), resource, ...(name ? ['{:name}'] : [])];
  return [root, ...parts, ...(subresource ? [subresource] : [])].join('/');
}
