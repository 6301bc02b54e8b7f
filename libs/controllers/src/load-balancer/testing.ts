// Nodes and services of type LoadBalancer, for tests of who gets which address, and what a plan makes of services.
import type { ConfigMap, Node, Service } from '@berth/api';
import type { Action } from '@berth/controller';

export function node(
  name: string,
  address: string,
  { ready = true, labels = {}, external }: Partial<{ ready: boolean; labels: object; external: string }> = {},
): Node {
  const addresses = [{ type: 'InternalIP', address }, ...(external ? [{ type: 'ExternalIP', address: external }] : [])];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...labels } },
    spec: {},
    status: { addresses, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

export function service(name: string, spec: Partial<Service['spec']> = {}, more: Partial<Service> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    ...more,
  };
}

/** Those that are carried out one by one. */
export function flat(actions: Action[]): Action[] {
  return actions.flatMap((action) => (action.type === 'independently' ? action.groups.flat() : [action]));
}

/** Which addresses each service's status gets. */
export function statuses(actions: Action[]): Record<string, string[] | undefined> {
  return Object.fromEntries(
    flat(actions).flatMap((action) =>
      action.type === 'updateStatus'
        ? [[action.object.metadata.name, (action.object as Service).status?.loadBalancer?.ingress?.map(({ ip }) => ip ?? '')]]
        : [],
    ),
  );
}

/** Reasons of events with their messages. */
export function events(actions: Action[]): string[] {
  return flat(actions).flatMap((action) => (action.type === 'event' ? [`${action.event.reason}: ${action.event.message}`] : []));
}

export interface World {
  services: Service[];
  holders: ConfigMap | undefined;
}

/** What there is once a plan has been carried out. */
export function carriedOut(world: World, actions: Action[]): World {
  let { services, holders } = world;
  for (const action of flat(actions)) {
    if (action.type === 'updateStatus') {
      const written = action.object as Service;
      const isGone = written.metadata.deletionTimestamp !== undefined && written.metadata.finalizers?.length === 0;
      services = services.flatMap((each) => (each.metadata.uid !== written.metadata.uid ? [each] : isGone ? [] : [written]));
    }
    if (action.type === 'create' || action.type === 'update') holders = action.object as ConfigMap;
    if (action.type === 'delete') holders = undefined;
  }
  return { services, holders };
}
