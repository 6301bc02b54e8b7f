// Makes a Node object of what an agent says about itself, and keeps its status. What users set (labels, taints,
// unschedulable) stays; a node's pod network, once given, never changes.

import { isDeepStrictEqual } from 'node:util';
import { Node, type NodeCondition, type NodeStatus } from '@berth/api';
import { type Client, retryOnConflict } from '@berth/client';
import { isReason } from '@berth/machinery';
import type { NodeConfig } from './config.ts';
import { freePodCidr } from './pod-cidrs.ts';

const fieldManager = 'berth-agent-gateway';
/** Label domains that say what a node may be trusted with: users set these, nodes do not. */
const restrictedLabels = ['node-restriction.kubernetes.io/', 'node-role.kubernetes.io/'];
/** A status that differs in its heartbeat times only is written this often. */
const heartbeatWriteMs = 5 * 60_000;

export class NodeRegistrar {
  readonly #client: Client;
  readonly #config: Pick<NodeConfig, 'podCidr'>;
  /** One allocation at a time, each from a fresh list. */
  #allocating: Promise<unknown> = Promise.resolve();

  constructor(client: Client, config: Pick<NodeConfig, 'podCidr'>) {
    this.#client = client;
    this.#config = config;
  }

  /** Creates or updates the Node; the result has a uid and a podCIDR. */
  async register(nodeName: string, reported: Node): Promise<Node> {
    const existing = await this.#find(nodeName);
    const registered = existing ? await this.#update(nodeName, reported) : await this.#create(nodeName, reported);
    return reported.status ? this.writeStatus(nodeName, reported.status, registered) : registered;
  }

  /** @param known what a cache holds, to skip what would change nothing. */
  async writeStatus(nodeName: string, reported: NodeStatus, known?: Node): Promise<Node> {
    return retryOnConflict(async (isAgain) => {
      const current = known && !isAgain ? known : await this.#client.get(Node, { name: nodeName });
      const status = mergeNodeStatus(current.status, reported);
      if (!needsWriting(current.status, status)) return current;
      return this.#client.updateStatus(Node, { ...current, status }, { fieldManager });
    });
  }

  async #find(name: string): Promise<Node | undefined> {
    try {
      return await this.#client.get(Node, { name });
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  #create(nodeName: string, reported: Node): Promise<Node> {
    return this.#withPodCidr(async (podCIDR) => {
      const node: Node = {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: nodeName, labels: ownLabels(nodeName, reported), annotations: reported.metadata.annotations ?? {} },
        spec: { podCIDR, podCIDRs: [podCIDR], ...(reported.spec?.taints && { taints: reported.spec.taints }) },
      };
      try {
        return await this.#client.create(Node, node, { fieldManager });
      } catch (error) {
        if (isReason(error, 'AlreadyExists')) return this.#update(nodeName, reported);
        throw error;
      }
    });
  }

  async #update(nodeName: string, reported: Node): Promise<Node> {
    const write = (podCIDR: string | undefined) =>
      retryOnConflict(async () => {
        const current = await this.#client.get(Node, { name: nodeName });
        const next: Node = {
          ...current,
          metadata: {
            ...current.metadata,
            labels: { ...current.metadata.labels, ...ownLabels(nodeName, reported) },
            annotations: { ...current.metadata.annotations, ...reported.metadata.annotations },
          },
          spec: current.spec.podCIDR || !podCIDR ? current.spec : { ...current.spec, podCIDR, podCIDRs: [podCIDR] },
        };
        return isDeepStrictEqual(next, current) ? current : this.#client.update(Node, next, { fieldManager });
      });
    const node = await write(undefined);
    return node.spec.podCIDR ? node : this.#withPodCidr(write);
  }

  #withPodCidr<T>(use: (podCidr: string) => Promise<T>): Promise<T> {
    const run = this.#allocating.then(async () => {
      const nodes = await this.#client.list(Node);
      const taken = new Set(nodes.items.flatMap((node) => [node.spec.podCIDR ?? '', ...(node.spec.podCIDRs ?? [])]));
      return use(freePodCidr(this.#config.podCidr, taken));
    });
    this.#allocating = run.catch(() => undefined);
    return run;
  }
}

function ownLabels(nodeName: string, reported: Node): Record<string, string> {
  const entries = Object.entries(reported.metadata.labels ?? {}).filter(
    ([key]) => !restrictedLabels.some((prefix) => key.startsWith(prefix)),
  );
  return { ...Object.fromEntries(entries), 'kubernetes.io/hostname': reported.metadata.labels?.['kubernetes.io/hostname'] ?? nodeName };
}

/** The agent's word, with conditions of other writers kept, and transition times of conditions that did not change. */
export function mergeNodeStatus(current: NodeStatus | undefined, reported: NodeStatus): NodeStatus {
  const before = new Map((current?.conditions ?? []).map((condition) => [condition.type, condition]));
  const conditions: NodeCondition[] = (reported.conditions ?? []).map((condition) => {
    const old = before.get(condition.type);
    before.delete(condition.type);
    const same = old?.status === condition.status && old.lastTransitionTime;
    return same ? { ...condition, lastTransitionTime: old.lastTransitionTime } : condition;
  });
  // Resources that others have given the node stay: an agent speaks of those that it measures.
  const amounts = (key: 'capacity' | 'allocatable') => ({ [key]: { ...current?.[key], ...reported[key] } });
  // What is in use is the agent's word alone: none, where it says nothing of it.
  const { volumesInUse: _, ...kept } = current ?? {};
  return { ...kept, ...reported, ...amounts('capacity'), ...amounts('allocatable'), conditions: [...before.values(), ...conditions] };
}

function needsWriting(current: NodeStatus | undefined, next: NodeStatus): boolean {
  if (!isDeepStrictEqual(plain(withoutHeartbeats(current)), plain(withoutHeartbeats(next)))) return true;
  const heartbeat = (status: NodeStatus | undefined) =>
    Math.max(0, ...(status?.conditions ?? []).map((condition) => Date.parse(condition.lastHeartbeatTime ?? '') || 0));
  return heartbeat(next) - heartbeat(current) >= heartbeatWriteMs;
}

function withoutHeartbeats(status: NodeStatus | undefined): NodeStatus {
  const conditions = (status?.conditions ?? []).map(({ lastHeartbeatTime: _ignored, ...rest }) => rest);
  return { ...status, conditions: conditions.sort((a, b) => (a.type < b.type ? -1 : 1)) };
}

/** Without undefined fields, which JSON does not have. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
