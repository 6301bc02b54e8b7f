// Resources that are not stored: what they answer is worked out when it is asked for.
import type { KindDefinition } from '@berth/machinery';
import type { User } from '../core/types.ts';
import type { ResourcePath } from './request-info.ts';
import type { Exchange } from './responses.ts';

export interface ComputedRequest extends Exchange {
  path: ResourcePath;
  query: URLSearchParams;
  user: User;
  /** As the request was authorized. */
  verb: string;
  /** Empty for verbs that have none. */
  body: Buffer;
  signal: AbortSignal;
}

export interface ComputedResources {
  /** For discovery, OpenAPI and routes. */
  readonly kinds: KindDefinition[];
  /** For whoever may. @throws StatusError */
  serve(request: ComputedRequest, kind: KindDefinition): Promise<void>;
}

/** Which of them a path is about, and by what it is served. */
export function computedAt(
  all: ComputedResources[],
  path: ResourcePath,
): { resources: ComputedResources; kind: KindDefinition } | undefined {
  if (path.subresource !== undefined) return undefined;
  for (const resources of all) {
    const kind = resources.kinds.find(
      ({ group, version, plural }) => group === path.group && version === path.version && plural === path.resource,
    );
    if (kind) return { resources, kind };
  }
  return undefined;
}
