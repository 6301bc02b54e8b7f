// An API server over a store in memory, for this folder's tests: what they need to be short, and no more.
import { betaKinds, kinds, kindViews, type Pod, type Service, type ServiceCIDR } from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { MemoryStore, type Store } from '@berth/store';
import { type Clock, seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import type { ApiServerOptions, FeatureGate } from './api-options.ts';
import { ApiServer } from './api-server.ts';
import { componentUsers } from './component-users.ts';
import type { ClusterFacts } from './default-objects.ts';
import { erased } from './kinds-by-name.ts';
import type { Call, CoreMetrics, User, WatchHandle, WatchItem } from './types.ts';

/** As the control plane has it unless it is configured otherwise. */
export const testConfig = { serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', nodePortRange: { from: 30000, to: 32767 } };

export const admin: User = { name: 'admin', groups: ['system:masters'] };

export interface TestServerOptions extends ClusterFacts {
  metrics?: CoreMetrics;
  store?: Store;
  clock?: Clock;
  seed?: number;
  nodePortRange?: { from: number; to: number };
  serviceCidr?: string;
  disableAdmissionPlugins?: string[];
  webhooks?: ApiServerOptions['webhooks'];
  /** With the kinds that are off by default as well. */
  featureGates?: FeatureGate[];
}

export async function startTestServer(options: TestServerOptions = {}) {
  const { store = new MemoryStore(), clock = systemClock, seed = 1, disableAdmissionPlugins = [] } = options;
  const { nodePortRange = testConfig.nodePortRange, serviceCidr = testConfig.serviceCidr } = options;
  const { featureGates = [] } = options;
  const config = { ...testConfig, nodePortRange, serviceCidr, disableAdmissionPlugins, featureGates };
  const own = { store, clock, random: seededRandom(seed), logger: silentLogger, config };
  const { webhooks, metrics } = options;
  const served = [...kinds, ...(featureGates.length > 0 ? betaKinds : []), ...kindViews];
  const server = new ApiServer({ ...own, kinds: served, ...(webhooks && { webhooks }), ...(metrics && { metrics }) });
  await server.start(options);
  return { server, store, client: server.localClient(admin), system: server.localClient(componentUsers.apiServer) };
}

export function serviceRange(name: string, ...cidrs: string[]): ServiceCIDR {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, spec: { cidrs } };
}

export function callFor<T extends KubeObject>(kind: KindDefinition<T>, namespace?: string, name?: string, subresource?: string): Call {
  return { user: admin, kind: erased(kind), namespace, name, subresource };
}

export function pod(name: string, parts: { labels?: Record<string, string>; nodeName?: string; finalizers?: string[] } = {}): Pod {
  const { nodeName, ...metadata } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { containers: [{ name: 'main', image: 'registry.local/web:1' }], ...(nodeName && { nodeName }) },
  };
}

export function service(name: string, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  };
}

/** Reads a watch until `count` items have come that are not periodic bookmarks, then closes it. */
export async function take(handle: WatchHandle, count: number): Promise<WatchItem[]> {
  const items: WatchItem[] = [];
  for await (const item of handle) {
    items.push(item);
    if (items.length === count) break;
  }
  return items;
}

export function summary(items: WatchItem[]): string[] {
  return items.map((item) => `${item.type} ${item.object.metadata.name ?? ''}`.trim());
}
