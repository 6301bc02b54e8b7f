// A flow schema stands in the middle of the order; a limited level gets shares and queues that suit most clusters.
import type { FlowSchema, PriorityLevelConfiguration } from '../generated/flowcontrol-v1.types.ts';

export function defaultFlowSchema({ spec }: FlowSchema): void {
  if (spec) spec.matchingPrecedence ||= 1000;
}

export function defaultPriorityLevel({ spec }: PriorityLevelConfiguration): void {
  if (!spec) return;
  if (spec.type === 'Exempt') spec.exempt ??= {};
  if (spec.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (!spec.limited) return;
  spec.limited.nominalConcurrencyShares ??= 30;
  spec.limited.lendablePercent ??= 0;
  const queuing = spec.limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}
