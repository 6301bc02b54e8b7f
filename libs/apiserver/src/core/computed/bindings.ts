// POST …/bindings: pods/binding for clients that name the pod in the body. Who may create bindings needs no right to that beside it.
import { Binding, Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { erased } from '../kinds-by-name.ts';
import type { ServedKind } from '../resource-registry.ts';
import { type BindingPorts, bindPod } from '../subresources/pod-binding.ts';
import { type UnstoredCreatePorts, unstoredCreate } from './unstored-create.ts';

export function bindings(ports: UnstoredCreatePorts & BindingPorts): ServedKind {
  const create = unstoredCreate<Binding>(ports, (binding, call, settings) => {
    const { name } = binding.metadata;
    if (!name) throw StatusError.badRequest('metadata.name must be the name of the pod to bind');
    return bindPod(ports, { ...call, kind: erased(Pod), name, isAdmitted: true }, binding, settings);
  });
  return { kind: erased(Binding), resource: { create } };
}
