// The first span of a pod's trace: that it was created. Scheduler and agents put theirs below it; what asked for the pod, a request or a
// controller, has a trace of its own, which is linked.
import type { Tracer } from '@berth/telemetry/tracing';
import type { Decision } from './decision.ts';
import type { Annotated } from './types.ts';

export function tracePod(tracer: Tracer, decision: Decision, durationMs: number, audit: Annotated | undefined): void {
  if (decision.type !== 'put' || decision.object.kind !== 'Pod') return;
  const { namespace = '', name = '', uid = '' } = decision.object.metadata;
  tracer.record('createPod', durationMs, {
    context: tracer.podContext(uid),
    attributes: { 'k8s.namespace.name': namespace, 'k8s.pod.name': name, 'k8s.pod.uid': uid },
    links: audit?.spanContext ? [audit.spanContext] : [],
  });
}
