// What a kind's scale subresource reads of an object: where the numbers are, and how its selector is written, says the kind.
import type { ScaleMapping } from './kind.ts';
import type { KubeObject } from './object.ts';
import { type LabelSelectorObject, selectorText } from './selectors.ts';

export interface ScaleValues {
  /** Undefined where the object says none. */
  replicas: number | undefined;
  statusReplicas: number;
  /** As text; undefined where there is none. */
  selector: string | undefined;
}

export function scaleValues(mapping: ScaleMapping, object: KubeObject): ScaleValues {
  const replicas = valueAt(object, mapping.specReplicas);
  const selector = mapping.selector && valueAt(object, mapping.selector);
  return {
    replicas: replicas === undefined || replicas === null ? undefined : Number(replicas),
    statusReplicas: Number(valueAt(object, mapping.statusReplicas) ?? 0),
    selector: selector ? textOf(mapping, selector) : undefined,
  };
}

function textOf({ selectsByText, selectsByLabels }: ScaleMapping, selector: unknown): string {
  if (selectsByText) return String(selector);
  return selectorText(selectsByLabels ? { matchLabels: selector as Record<string, string> } : (selector as LabelSelectorObject));
}

function valueAt(object: unknown, path: string): unknown {
  let value: unknown = object;
  for (const part of scaleSteps(path)) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** `spec.replicas` and `.spec.replicas` alike. */
export function scaleSteps(path: string): string[] {
  return path.split('.').filter((part) => part !== '');
}
