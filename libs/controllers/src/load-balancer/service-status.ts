// What is written into a service about its load balancer: its addresses, why it has none, and the finalizer that keeps it until its address is
// given back; all in one write of its status.
import { type Condition, Service } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { deepEqual } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { cleanupFinalizer, hasCleanup } from './balanced-services.ts';

/** Of a service's status, by Kubernetes' name. */
const portsError = 'LoadBalancerPortsError';

export interface BalancerStatus {
  addresses: string[];
  /** Whether it has to be asked before it goes. */
  isKept: boolean;
  /** Of its ports. */
  problem?: string | undefined;
}

/** @returns undefined where that is what it says */
export function statusWrite(service: Service, { addresses, isKept, problem }: BalancerStatus, now: number): Action | undefined {
  const { status = {}, metadata } = service;
  const ingress = [...new Set(addresses)].sort().map((ip) => ({ ip, ipMode: 'VIP' }));
  const others = (status.conditions ?? []).filter(({ type }) => type !== portsError);
  const before = status.conditions?.find(({ type }) => type === portsError);
  const condition: Condition[] = problem === undefined ? [] : [before?.message === problem ? before : conditionOf(problem, now)];
  const isSame = deepEqual(status.loadBalancer?.ingress ?? [], ingress) && before?.message === problem;
  if (isSame && hasCleanup(service) === isKept) return undefined;
  const next = { ...status, loadBalancer: ingress.length > 0 ? { ingress } : {}, conditions: [...others, ...condition] };
  const finalizers = (metadata.finalizers ?? []).filter((name) => name !== cleanupFinalizer);
  if (isKept) finalizers.push(cleanupFinalizer);
  return {
    type: 'updateStatus',
    kind: erased(Service),
    object: { ...service, metadata: { ...metadata, finalizers }, status: next } as Service,
  };
}

export function portsProblem({ status }: Service): string | undefined {
  return status?.conditions?.find(({ type }) => type === portsError)?.message;
}

function conditionOf(message: string, now: number): Condition {
  return { type: portsError, status: 'True', reason: 'PortTaken', message, lastTransitionTime: timestamp({ now: () => now }) };
}

export function serviceEvent(about: Service, eventType: 'Normal' | 'Warning', reason: string, message: string): Action {
  return { type: 'event', event: { about, eventType, reason, message } };
}

/** In the words of Kubernetes' service controller. */
export const balancerEvents = {
  ensuring: (service: Service) => serviceEvent(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer'),
  ensured: (service: Service) => serviceEvent(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer'),
  deleting: (service: Service) => serviceEvent(service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer'),
  deleted: (service: Service) => serviceEvent(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer'),
  failed: (service: Service, why: string) =>
    serviceEvent(service, 'Warning', 'SyncLoadBalancerFailed', `Error syncing load balancer: ${why}`),
  unavailable: (service: Service) =>
    serviceEvent(service, 'Warning', 'UnAvailableLoadBalancer', 'There are no available nodes for LoadBalancer'),
  moved: (service: Service, address: string, node: string) =>
    serviceEvent(service, 'Normal', 'UpdatedLoadBalancer', `Updated load balancer with new hosts: ${node} announces ${address}`),
};
