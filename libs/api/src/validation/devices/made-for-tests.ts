// Objects of the resource group with a spec of the test's own, and what is wrong with them.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { sampleOf } from '../../testing.ts';
import { messages } from '../messages.ts';

type Made<T> = T & { spec: object };

/** The sample with this in its spec, and defaults. */
export function made<T extends KubeObject>(kind: KindDefinition<T>, spec: object): Made<T> {
  const object = sampleOf(kind as unknown as KindDefinition) as Made<T>;
  Object.assign(object.spec, spec);
  kind.defaults(object);
  return object;
}

export function wrong<T extends KubeObject>(kind: KindDefinition<T>, spec: object): string[] {
  return messages(kind.validate(made(kind, spec)));
}

export function wrongChange<T extends KubeObject>(kind: KindDefinition<T>, spec: object, next: object): string[] {
  const [old, object] = [made(kind, spec), made(kind, next)];
  return messages([...kind.validate(object, old), ...kind.validateUpdate(object, old)]);
}

export const requests = (...list: object[]) => ({ devices: { requests: list } });
export const exactly = (more: object = {}) => ({ name: 'a', exactly: { deviceClassName: 'gpu', ...more } });
export const unknownRequest = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
