// Runtime classes: a handler that stays, an overhead that can be counted, and nodes that can be selected.
import { asGoStruct } from '@berth/machinery';
import type { RuntimeClass, Scheduling } from '../generated/node-v1.types.ts';
import { schemas } from '../schemas.ts';
import { duplicate, duplicates, type FieldError, immutable, invalid, invalidAll } from './errors.ts';
import { labels } from './labels.ts';
import { dnsLabel } from './names.ts';
import { resourceRequirements } from './resources.ts';
import { tolerations } from './scheduling.ts';

const tolerationMessage = schemas.message('core.v1.Toleration');

export function validateRuntimeClassFields({ handler = '', overhead, scheduling }: RuntimeClass): FieldError[] {
  return [
    ...invalidAll('handler', handler, dnsLabel(handler)),
    ...resourceRequirements({ limits: overhead?.podFixed }, 'overhead'),
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
      ({ key = '', operator = '', value = '', effect = '' }) => JSON.stringify([key, operator, value, effect]),
      (index, toleration) => duplicate(`${field}[${index}]`, asGoStruct(tolerationMessage, toleration)),
    ),
  ];
}

/** Pods run already with the handler that it names. */
export function validateRuntimeClassUpdate(next: RuntimeClass, old: RuntimeClass): FieldError[] {
  return next.handler === old.handler ? [] : [invalid('handler', next.handler ?? '', immutable)];
}
