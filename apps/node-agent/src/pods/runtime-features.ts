// What the container runtime of a pod can do, from what it said of itself last. Pure. One that says nothing, as containerd before 2.0, can do none of it:
// it would drop what it does not know, and the pod would have less than it asked for.
import type { Pod } from '@berth/api';
import type { RuntimeHandler, RuntimeHealth } from '@berth/runtime';

/** @param name empty for the one of pods that choose none */
export function handlerFeatures({ handlers = [] }: RuntimeHealth, name: string): Omit<RuntimeHandler, 'name'> {
  return handlers.find((handler) => handler.name === name) ?? { recursiveReadOnlyMounts: false, userNamespaces: false };
}

/** @throws Error in the kubelet's words: a pod that is not to have the machine's users must not have them */
export function requireUserNamespaces({ spec }: Pod, runtime: RuntimeHealth, handler: string): void {
  if (spec.hostUsers !== false || handlerFeatures(runtime, handler).userNamespaces) return;
  const who = handler ? `RuntimeClass handler ${JSON.stringify(handler)}` : 'runtime';
  throw new Error(`can't set \`spec.hostUsers: false\`, ${who} does not support user namespaces`);
}
