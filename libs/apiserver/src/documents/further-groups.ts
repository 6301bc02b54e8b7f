// What other servers add to the documents of this one: the port that aggregation implements.
import type { KindDefinition } from '@berth/machinery';
import type { DiscoveredGroup } from './discovery.ts';
import type { Document } from './document-pieces.ts';
import type { OpenApiV2Part } from './openapi-v2.ts';

/** What other servers add to what this one says of the API. */
export interface FurtherGroups {
  /** Of the kinds of this server, and of all others. */
  groups(kinds: readonly KindDefinition[]): DiscoveredGroup[];
  /** By path, such as `apis/metrics.k8s.io/v1`: documents of OpenAPI v3. */
  openApiV3(): ReadonlyMap<string, Document>;
  openApiV2Parts(): OpenApiV2Part[];
  /** Paths of the version documents of others, such as `apis/metrics.k8s.io/v1`. */
  paths(): string[];
}
