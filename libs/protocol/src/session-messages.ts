// What travels on a session, parsed. Both ends work on these; only the gRPC link turns them into wire messages and back.
// Objects may be shared with caches: whoever receives one treats it as frozen.
import type { KubeObject } from '@berth/machinery';
import type {
  AgentEvent,
  ClaimExpansion,
  CsiNodeReport,
  DesiredState,
  PodStatusReport,
  SnapshotReport,
  TunnelRequest,
  UsageReport,
  Welcome,
} from './agent-link.ts';
import type { Input } from './descriptor.ts';
import type * as wire from './generated/agent.types.ts';

export interface Hello {
  nodeName: string;
  bootId: string;
  /** The newest revision applied; 0 asks for everything. */
  revision: number;
  node: KubeObject;
  /** What cannot be written is named in the acknowledgement, and sent again. */
  takesBack: boolean;
}

/** What an agent says of a volume's data, once it has been made or removed. */
export interface VolumeReport {
  persistentVolume: string;
  uid: string;
  error?: string;
}

export type AgentToGateway =
  | { type: 'hello'; hello: Hello }
  | { type: 'nodeStatus'; status: object }
  | { type: 'podStatuses'; sequence: number; statuses: PodStatusReport[] }
  | { type: 'events'; events: AgentEvent[] }
  | { type: 'staticPods'; pods: KubeObject[] }
  | { type: 'claimExpanded'; report: ClaimExpansion }
  | { type: 'csiNode'; report: CsiNodeReport }
  | { type: 'heartbeat' }
  | { type: 'nodeUsage'; usage: UsageReport }
  | { type: 'volumeMade' | 'volumeRemoved'; report: VolumeReport }
  | { type: 'snapshotTaken' | 'snapshotRemoved'; report: SnapshotReport }
  | { type: 'tunnelRefused'; tunnelId: string; code: number; message: string };

export type GatewayToAgent =
  | { type: 'welcome'; welcome: Welcome }
  | { type: 'desired'; state: DesiredState }
  /**
   * Every batch up to this one is durable, but for the pods of it that could not be written. Also the answer to a heartbeat, so that each
   * side knows the other lives.
   */
  | { type: 'acknowledged'; sequence: number; unwritten?: string[] }
  | { type: 'openTunnel'; request: TunnelRequest };

/** A message that does not follow proto/agent.proto; its sender runs something else, or is broken. */
export class ProtocolError extends Error {
  constructor(detail: string) {
    super(`${detail}: update the older of agent and control plane, so that both speak the same protocol`);
    this.name = 'ProtocolError';
  }
}

const encodedObjects = new WeakMap<object, Buffer>();

/** Cached per object: a Service goes to every node. */
function encodeShared(object: object): Buffer {
  let bytes = encodedObjects.get(object);
  if (!bytes) {
    bytes = encode(object);
    encodedObjects.set(object, bytes);
  }
  return bytes;
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function decodeObject<T extends object>(bytes: Buffer, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ProtocolError(`${what} is not JSON (${(error as Error).message})`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new ProtocolError(`${what} is not an object`);
  return value as T;
}

function decodeKubeObject(bytes: Buffer, what: string): KubeObject {
  const object = decodeObject<Partial<KubeObject>>(bytes, what);
  if (!object.apiVersion || !object.kind || !object.metadata?.name) throw new ProtocolError(`${what} lacks apiVersion, kind or name`);
  return object as KubeObject;
}

export function encodeAgentMessage(message: AgentToGateway): Input<wire.AgentMessage> {
  switch (message.type) {
    case 'hello':
      return { hello: { ...message.hello, node: encode(message.hello.node) } };
    case 'nodeStatus':
      return { nodeStatus: { status: encode(message.status) } };
    case 'podStatuses':
      return {
        podStatuses: {
          sequence: message.sequence,
          statuses: message.statuses.map((report) => ({ ...report, status: encode(report.status) })),
        },
      };
    case 'events':
      return { events: { events: message.events } };
    case 'nodeUsage':
      return { nodeUsage: { usage: encode(message.usage) } };
    case 'staticPods':
      return { staticPods: { pods: message.pods.map(encode) } };
    case 'claimExpanded':
      return { claimExpanded: message.report };
    case 'csiNode':
      return { csiNode: { report: encode(message.report) } };
    case 'heartbeat':
      return { heartbeat: {} };
    case 'volumeMade':
      return { volumeMade: message.report };
    case 'volumeRemoved':
      return { volumeRemoved: message.report };
    case 'snapshotTaken':
      return { snapshotTaken: message.report };
    case 'snapshotRemoved':
      return { snapshotRemoved: { ...message.report } };
    case 'tunnelRefused':
      return { tunnelRefused: { tunnelId: message.tunnelId, code: message.code, message: message.message } };
  }
}

export function decodeAgentMessage(message: wire.AgentMessage): AgentToGateway {
  if (message.hello) return { type: 'hello', hello: { ...message.hello, node: decodeKubeObject(message.hello.node, 'the hello’s node') } };
  if (message.nodeStatus) return { type: 'nodeStatus', status: decodeObject(message.nodeStatus.status, 'a node status') };
  if (message.podStatuses) {
    const statuses = message.podStatuses.statuses.map((report) => ({
      ...report,
      status: decodeObject(report.status, `the status of pod ${report.namespace}/${report.name}`),
    }));
    return { type: 'podStatuses', sequence: message.podStatuses.sequence, statuses };
  }
  if (message.events) {
    const events = message.events.events.map((event) => ({
      ...event,
      type: event.type === 'Warning' ? ('Warning' as const) : ('Normal' as const),
    }));
    return { type: 'events', events };
  }
  if (message.nodeUsage) return { type: 'nodeUsage', usage: decodeObject(message.nodeUsage.usage, 'a usage report') };
  if (message.staticPods)
    return { type: 'staticPods', pods: message.staticPods.pods.map((bytes) => decodeKubeObject(bytes, 'a static pod')) };
  if (message.claimExpanded) return { type: 'claimExpanded', report: claimExpansion(message.claimExpanded) };
  if (message.csiNode) return { type: 'csiNode', report: csiNodeReport(message.csiNode.report) };
  if (message.heartbeat) return { type: 'heartbeat' };
  if (message.volumeMade) return { type: 'volumeMade', report: volumeReport(message.volumeMade) };
  if (message.volumeRemoved) return { type: 'volumeRemoved', report: volumeReport(message.volumeRemoved) };
  if (message.snapshotTaken) return { type: 'snapshotTaken', report: snapshotReport(message.snapshotTaken) };
  if (message.snapshotRemoved) return { type: 'snapshotRemoved', report: snapshotReport(message.snapshotRemoved) };
  if (message.tunnelRefused) return { type: 'tunnelRefused', ...message.tunnelRefused };
  throw new ProtocolError('an agent sent a message of an unknown kind');
}

function volumeReport({ persistentVolume, uid, error }: wire.VolumeRemoved): VolumeReport {
  return { persistentVolume, uid, ...(error && { error }) };
}

function claimExpansion({ error, isInfeasible, isInProgress, ...report }: wire.ClaimExpanded): ClaimExpansion {
  if (isInProgress) return { ...report, isInProgress };
  return error ? { ...report, error, isInfeasible } : report;
}

function csiNodeReport(bytes: Buffer): CsiNodeReport {
  const report = decodeObject<Partial<CsiNodeReport>>(bytes, 'a report of storage drivers');
  const { drivers, topology } = report;
  if (!Array.isArray(drivers) || topology === null || typeof topology !== 'object')
    throw new ProtocolError('a report of storage drivers lacks drivers or topology');
  return { drivers, topology };
}

function snapshotReport(report: wire.SnapshotTaken | wire.SnapshotRemoved): SnapshotReport {
  const { content, uid, error } = report;
  if (error) return { content, uid, error };
  return { content, uid, ...('bytes' in report && { bytes: report.bytes, takenAtMs: report.takenAtMs }) };
}

export function encodeControlMessage(message: GatewayToAgent): Input<wire.ControlMessage> {
  switch (message.type) {
    case 'welcome':
      return { welcome: message.welcome };
    case 'desired':
      return { desired: { ...message.state, objects: message.state.objects.map(encodeShared) } };
    case 'acknowledged':
      return { acknowledged: { sequence: message.sequence, unwritten: message.unwritten ?? [] } };
    case 'openTunnel':
      return { openTunnel: message.request };
  }
}

export function decodeControlMessage(message: wire.ControlMessage): GatewayToAgent {
  if (message.welcome) return { type: 'welcome', welcome: message.welcome };
  if (message.desired) {
    const objects = message.desired.objects.map((bytes) => decodeKubeObject(bytes, 'an object of the desired state'));
    return { type: 'desired', state: { ...message.desired, objects } };
  }
  if (message.acknowledged) return { type: 'acknowledged', ...message.acknowledged };
  if (message.openTunnel) return { type: 'openTunnel', request: tunnelRequest(message.openTunnel) };
  throw new ProtocolError('the control plane sent a message of an unknown kind');
}

const tunnelKinds = ['exec', 'attach', 'log', 'portforward', 'proxy', 'node'] as const;

function tunnelRequest(open: wire.OpenTunnel): TunnelRequest {
  const kind = tunnelKinds.find((known) => known === open.kind);
  if (!kind) throw new ProtocolError(`the control plane asked for a tunnel of kind ${JSON.stringify(open.kind)}`);
  return { ...open, kind, log: open.log ?? { follow: false, previous: false, timestamps: false } };
}
