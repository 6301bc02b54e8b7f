// Every subresource with code of its own. A new one is one file and one line here.
import { type KindDefinition, StatusError } from '@berth/machinery';
import type { Resource } from '../resource.ts';
import { namespaceFinalize, podEphemeralContainers, podResize } from './partial-update.ts';
import { podBinding } from './pod-binding.ts';
import { podEviction } from './pod-eviction.ts';
import { podLog } from './pod-log.ts';
import { podAttach, podExec, podPortForward } from './pod-streams.ts';
import { proxy } from './proxy.ts';
import { scale } from './scale.ts';
import { signingApproval } from './signing-approval.ts';
import type { SubresourceDefinition, SubresourcePorts } from './subresource.ts';
import { tokenRequest } from './token-request.ts';

const definitions: SubresourceDefinition[] = [
  namespaceFinalize,
  podAttach,
  podBinding,
  podEphemeralContainers,
  podEviction,
  podExec,
  podLog,
  podPortForward,
  podResize,
  proxy,
  scale,
  signingApproval,
  tokenRequest,
];

export class Subresources {
  readonly #served: { definition: SubresourceDefinition; resource: Resource }[];

  constructor(ports: SubresourcePorts) {
    this.#served = definitions.map((definition) => ({ definition, resource: definition.resource(ports) }));
  }

  /** @throws StatusError NotFound for a subresource that the kind does not have */
  require(kind: KindDefinition, name: string): Resource {
    const found = this.#served.find(({ definition }) => definition.name === name && definition.of(kind));
    if (!found) throw StatusError.noSuchResource();
    return found.resource;
  }
}
