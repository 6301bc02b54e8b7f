// What the scheduler says of a pod in its trace: each decision, and the binding. Costs nothing where nothing is traced.
import type { Decision } from '@berth/scheduling';
import type { Clock } from '@berth/telemetry';
import type { Tracer } from '@berth/telemetry/tracing';
import type { QueuedPod } from './scheduling-queue.ts';

const service = 'kube-scheduler';

export class SchedulingSpans {
  readonly #tracer: Tracer | undefined;
  readonly #clock: Pick<Clock, 'monotonicMs'>;

  constructor({ tracer, clock }: { tracer?: Tracer | undefined; clock: Pick<Clock, 'monotonicMs'> }) {
    this.#tracer = tracer?.as(service);
    this.#clock = clock;
  }

  deciding({ facts, attempts }: QueuedPod, decide: () => Decision): Decision {
    if (!this.#tracer) return decide();
    const startMs = this.#clock.monotonicMs();
    const decision = decide();
    this.#tracer.record('schedulePod', this.#clock.monotonicMs() - startMs, {
      parent: this.#tracer.podContext(facts.uid),
      attributes: {
        'k8s.pod.uid': facts.uid,
        'berth.scheduling.attempt': attempts,
        ...(decision.nodeName === undefined ? { 'berth.scheduling.refused': decision.message } : { 'k8s.node.name': decision.nodeName }),
      },
    });
    return decision;
  }

  /** With the volumes that it waits for. */
  binding({ facts }: QueuedPod, nodeName: string, bind: () => Promise<void>): Promise<void> {
    if (!this.#tracer) return bind();
    const parent = this.#tracer.podContext(facts.uid);
    return this.#tracer.during('bindPod', { parent, attributes: { 'k8s.pod.uid': facts.uid, 'k8s.node.name': nodeName } }, bind);
  }
}
