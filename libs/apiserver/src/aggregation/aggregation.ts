// Versions of the API that other servers answer for, as part of this server's: which there are and whether they can be asked for, what
// they say of themselves, and the way to them. Without any, all that is left on the way of a request is a look at an empty table.
import type { InformerDeps } from '@berth/client';
import type { KindDefinition } from '@berth/machinery';
import type { Registry } from 'prom-client';
import type { KindsByName } from '../core/index.ts';
import type { OtherServer, OtherServers } from '../core/other-servers.ts';
import type { DiscoveredGroup } from '../documents/discovery.ts';
import type { FurtherGroups } from '../documents/further-groups.ts';
import { type AggregatedVersion, ApiServiceTable } from './api-service-table.ts';
import { AuthenticationConfig } from './authentication-config.ts';
import { Availability } from './availability.ts';
import { AvailabilityMetrics } from './availability-metrics.ts';
import { FarDiscovery } from './far-discovery.ts';
import { FarOpenApi } from './far-openapi.ts';
import { FarServers, type FarServersOptions } from './far-servers.ts';
import { LocalApiServices } from './local-api-services.ts';
import { NamespaceContents } from './namespace-contents.ts';
import { orderedGroups, pathOf } from './ordered-groups.ts';
import { otherResource } from './other-resource.ts';
import { userHeaders, withoutUserHeaders } from './user-headers.ts';

export interface AggregationOptions extends InformerDeps, Pick<FarServersOptions, 'connections' | 'credentials'> {
  kinds: KindsByName;
  registry: Registry;
  /** What servers that extend the API are told about whom to believe; absent where nobody is told. */
  authentication?: Record<string, string>;
}

export class Aggregation implements FurtherGroups, OtherServers {
  /** What others have in namespaces that are being deleted. */
  readonly namespaces: NamespaceContents;
  readonly #options: AggregationOptions;
  readonly #table: ApiServiceTable;
  readonly #servers: FarServers;
  readonly #local: LocalApiServices;
  readonly #availability: Availability;
  readonly #discovery: FarDiscovery;
  readonly #openApi: FarOpenApi;
  readonly #authentication: AuthenticationConfig | undefined;
  /** What the registry was given, as long as the version is as it was. */
  readonly #found = new WeakMap<AggregatedVersion, OtherServer>();
  #unfollow: (() => void) | undefined;

  /** @param options before definitions of custom resources are read: the kinds that there are then are Berth's own */
  constructor(options: AggregationOptions) {
    const { kinds } = options;
    this.#options = options;
    this.#table = new ApiServiceTable(options);
    const servers = new FarServers(options);
    this.#servers = servers;
    const parts = { ...options, table: this.#table, servers };
    const builtIn = kinds.all;
    this.#local = new LocalApiServices({ ...parts, builtIn, served: () => kinds.all });
    this.#availability = new Availability({ ...parts, metrics: new AvailabilityMetrics(options.registry) });
    this.#discovery = new FarDiscovery(parts);
    this.#openApi = new FarOpenApi(parts);
    this.namespaces = new NamespaceContents({ ...parts, discovery: this.#discovery });
    const { authentication: data } = options;
    this.#authentication = data && new AuthenticationConfig({ ...options, data });
  }

  /** After the API has started. Resolves when it is known which versions others answer for. */
  async start(): Promise<void> {
    await Promise.all([this.#table.start(), this.#authentication?.start()]);
    this.#local.start();
    this.#unfollow = this.#options.kinds.onChange(() => this.#local.kindsChanged());
  }

  async stop(): Promise<void> {
    this.#unfollow?.();
    this.#table.stop();
    await this.#authentication?.stop();
    await Promise.all([this.#local, this.#availability, this.#discovery, this.#openApi, this.namespaces].map((part) => part.stop()));
    this.#servers.stop();
  }

  find(group: string, version: string): OtherServer | undefined {
    const found = this.#table.find(group, version);
    if (!found) return undefined;
    const known = this.#found.get(found) ?? this.#server(found);
    this.#found.set(found, known);
    return known;
  }

  #server(target: AggregatedVersion): OtherServer {
    const { group, version, isAvailable } = target;
    const request: OtherServer['request'] = (user, { headers, ...options }) =>
      this.#servers.request(target, { ...options, headers: { ...withoutUserHeaders(headers), ...userHeaders(user) } });
    return { group, version, isAvailable, request, resource: otherResource({ isAvailable, request }, this.#options.clock) };
  }

  groups(kinds: readonly KindDefinition[]): DiscoveredGroup[] {
    return orderedGroups(kinds, this.#table, this.#discovery);
  }

  openApiV3(): ReturnType<FurtherGroups['openApiV3']> {
    return this.#openApi.thirds;
  }

  openApiV2Parts(): ReturnType<FurtherGroups['openApiV2Parts']> {
    return this.#openApi.seconds;
  }

  paths(): string[] {
    return this.#table.aggregated.map(pathOf);
  }
}
