// A trouble that operators know: how it is made on a real cluster, what the dashboard's first page says of it, and what mends it. The table
// in docs/troubleshooting.md is written from these, and troubles.test.ts holds them against a cluster.
import type { Container, PodSpec } from '@berth/api';

/** Where it is made. */
export interface Place {
  /** Of its own; what has no namespace is called after it. */
  namespace: string;
  /** Holds a busybox. */
  image: string;
  /** Of a registry that asks for a password. */
  privateImage: string;
  certificates: {
    /** For shop.example.com, and no longer. */
    expired: { certificate: string; key: string };
    /** For other.example.com. */
    ofOther: { certificate: string; key: string };
  };
  /** One that is well. */
  firstNode: string;
  /** Nodes for one trouble each: tainted, cordoned, its agent stopped. */
  taintedNode: string;
  cordonedNode: string;
  lostNode: string;
}

export interface Trouble {
  /** Ends its namespace's name. */
  id: string;
  /** As an operator says it. */
  trouble: string;
  /** Applied one after the other, each once the Deployments of the one before are rolled out. */
  steps: ((place: Place) => object[])[];
  /** What is deleted afterwards and stays. */
  isDeleted?: 'namespace' | 'pod';
  /** What is done to a node: tainted before, cordoned or its agent stopped afterwards. */
  node?: 'taint' | 'cordon' | 'stop';
  /** What `berth why` is asked. */
  subject: (place: Place) => string;
  /** Kind of the object that the card links to, and how its name begins. */
  card: { kind: string; name: string; reason: string; says: string };
  /** The button that mends it, and what is typed. */
  button?: { label: string; value?: string };
  /** What mends it, in words. */
  mends: string;
  /** The same for a shell. */
  command: string;
}

export const waitForEver = "trap 'exit 0' TERM; while true; do /bin/busybox sleep 1 & wait; done";

export function container(image: string, script = waitForEver, more: Partial<Container> = {}): Container {
  return { name: 'main', image, command: ['/bin/busybox', 'sh', '-c', script], ...more };
}

export interface WorkloadOptions {
  kind?: string;
  name?: string;
  container?: Container;
  pod?: Partial<PodSpec>;
  spec?: object;
}

/** A Deployment called web, unless told otherwise. */
export function workload({ namespace, image }: Place, options: WorkloadOptions = {}): object {
  const { kind = 'Deployment', name = 'web', container: main = container(image), pod = {}, spec = {} } = options;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      ...(kind !== 'DaemonSet' && { replicas: 1 }),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, ...pod, containers: [main] } },
      ...spec,
    },
  };
}

/** As rollouts go wrong: it ran, and then somebody changed it. */
export function changed(change: (place: Place) => WorkloadOptions): Trouble['steps'] {
  return [(place) => [workload(place)], (place) => [workload(place, change(place))]];
}

export const once = (change: (place: Place) => WorkloadOptions): Trouble['steps'] => [(place) => [workload(place, change(place))]];

export const namespaced =
  (apiVersion: string, kind: string, name: string, more: object) =>
  ({ namespace }: Place) => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...more,
  });

export const ofDeployment = () => 'deployment/web';
