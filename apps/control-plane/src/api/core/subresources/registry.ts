// Every subresource with code of its own. A new one is one file and one line here.
import { type KindDefinition, StatusError } from '@berth/machinery';
import { namespaceFinalize, podEphemeralContainers, podResize } from './partial-update.ts';
import { podBinding } from './pod-binding.ts';
import { podEviction } from './pod-eviction.ts';
import { scale } from './scale.ts';
import { signingApproval } from './signing-approval.ts';
import type { SubresourceDefinition, SubresourceHandler, SubresourcePorts } from './subresource.ts';
import { tokenRequest } from './token-request.ts';

const definitions: SubresourceDefinition[] = [
  namespaceFinalize,
  podBinding,
  podEphemeralContainers,
  podEviction,
  podResize,
  scale,
  signingApproval,
  tokenRequest,
];

export class Subresources {
  readonly #handlers: { definition: SubresourceDefinition; handler: SubresourceHandler }[];

  constructor(ports: SubresourcePorts) {
    this.#handlers = definitions.map((definition) => ({ definition, handler: definition.handler(ports) }));
  }

  /** @throws StatusError NotFound for a subresource that the kind does not have */
  require(kind: KindDefinition, name: string): SubresourceHandler {
    const found = this.#handlers.find(({ definition }) => definition.name === name && definition.of(kind));
    if (!found) throw StatusError.noSuchResource();
    return found.handler;
  }
}
