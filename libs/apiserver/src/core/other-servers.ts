// The port by which the registry knows versions of the API that other servers answer for: with everything that is in them, which is those
// servers' to say. Whoever implements it (aggregation) looks at the user's request only once it is allowed.

import type { Resource } from './resource.ts';
import type { User } from './types.ts';
import type { FarRequest, PassedRequest } from './webhooks/index.ts';

export interface OtherServers {
  /** Undefined for what this server answers itself. */
  find(group: string, version: string): OtherServer | undefined;
}

/** What answers for one version of a group. */
export interface OtherServer {
  group: string;
  version: string;
  /** Whether it can be asked, as far as is known. */
  isAvailable: boolean;
  /** How clients in this process ask it for objects. */
  resource: Resource;
  /** As that user. Closed when the signal aborts. @throws Error that says why there is no way to it */
  request(user: User, options: PassedRequest): Promise<FarRequest>;
}
