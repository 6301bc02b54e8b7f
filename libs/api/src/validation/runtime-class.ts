// Runtime classes: a handler that stays, an overhead that can be counted, and nodes that can be selected.
import type { RuntimeClass, Scheduling } from '../generated/node-v1.types.ts';
import { duplicate, duplicates, type FieldError, immutable, invalid, invalidAll } from './errors.ts';
import { labels } from './labels.ts';
import { dnsLabel } from './names.ts';
import { resourceRequirements } from './resources.ts';
import { tolerations } from './scheduling.ts';

export function validateRuntimeClassFields({ handler = '', overhead, scheduling }: RuntimeClass): FieldError[] {
  return [
    ...invalidAll('handler', handler, dnsLabel(handler)),
    ...resourceRequirements({ limits: overhead?.podFixed }, 'overhead.podFixed'),
    ...(scheduling ? placement(scheduling) : []),
  ];
}

function placement({ nodeSelector, tolerations: list = [] }: Scheduling): FieldError[] {
  const field = 'scheduling.tolerations';
  return [
    ...labels(nodeSelector, 'scheduling.nodeSelector'),
    ...tolerations(list, field),
    ...duplicates(
      list,
      (toleration) => JSON.stringify(Object.entries(toleration).sort(([a], [b]) => (a < b ? -1 : 1))),
      (index, toleration) => duplicate(`${field}[${index}]`, toleration),
    ),
  ];
}

/** Pods run already with the handler that it names. */
export function validateRuntimeClassUpdate(next: RuntimeClass, old: RuntimeClass): FieldError[] {
  return next.handler === old.handler ? [] : [invalid('handler', next.handler, immutable)];
}
