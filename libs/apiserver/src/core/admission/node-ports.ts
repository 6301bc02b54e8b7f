// Which node ports a Service gets: those that it asks for, or free ones of the configured range.
import { needsHealthCheck, needsNodePorts, type Service, type ServicePort, type ServiceSpec } from '@berth/api';
import { type FieldError, StatusError } from '@berth/machinery';
import type { Random } from '@berth/telemetry';
import { nodePortPrefix } from '../keys.ts';
import type { AdmissionRequest } from './admission.ts';
import { pickFree } from './number-range.ts';

export interface NodePortOptions {
  nodePortRange: { from: number; to: number };
  random: Random;
  /** Taken keys under a prefix, without it; may lag behind the store. */
  reserved(prefix: string): ReadonlySet<string>;
}

export class NodePorts {
  readonly #options: NodePortOptions;

  constructor(options: NodePortOptions) {
    this.#options = options;
  }

  /** @throws StatusError when there is none, or one that is asked for is out of range */
  assign(request: AdmissionRequest, { spec }: Service, before: ReadonlyMap<string, unknown>): void {
    const chosen = new Set((spec.ports ?? []).flatMap((port) => port.nodePort || []));
    if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') this.#assignToPorts(request, spec, before, chosen);
    if (!needsHealthCheck(spec)) return;
    const field = 'spec.healthCheckNodePort';
    if (spec.healthCheckNodePort) this.#checkRange(request, field, spec.healthCheckNodePort, before);
    else spec.healthCheckNodePort = this.#free(request, chosen);
  }

  #assignToPorts(request: AdmissionRequest, spec: ServiceSpec, before: ReadonlyMap<string, unknown>, chosen: Set<number>): void {
    const isNew = request.old === undefined;
    // Of a new service, what has one port by two protocols has one node port for both.
    const byPort = new Map<number, number>();
    const tried = new Map<number, number>();
    for (const { port, nodePort } of isNew ? (spec.ports ?? []).toReversed() : []) if (nodePort) byPort.set(port, nodePort);
    (spec.ports ?? []).forEach((port, index) => {
      const field = `spec.ports[${index}].nodePort`;
      if (port.nodePort && request.dryRun) this.#tryOut(request, field, port, tried, before);
      else if (port.nodePort) this.#checkRange(request, field, port.nodePort, before);
      else if (needsNodePorts(spec)) {
        port.nodePort = byPort.get(port.port) ?? this.#free(request, chosen);
        chosen.add(port.nodePort);
        if (isNew) byPort.set(port.port, port.nodePort);
      }
    });
  }

  /** A dry run takes any port that nobody has, in range or not. @param tried the port that has a node port already, by that */
  #tryOut(
    request: AdmissionRequest,
    field: string,
    { port, nodePort: value = 0 }: ServicePort,
    tried: Map<number, number>,
    before: ReadonlyMap<string, unknown>,
  ): void {
    const isRepeated = tried.has(value) && tried.get(value) !== port;
    tried.set(value, port);
    if (before.has(nodePortPrefix + value) || (!isRepeated && !this.#isTaken(request, String(value)))) return;
    throw invalid(request, { type: 'Invalid', field, value, detail: 'provided port is already allocated' });
  }

  #checkRange(request: AdmissionRequest, field: string, value: number, before: ReadonlyMap<string, unknown>): void {
    const { from, to } = this.#options.nodePortRange;
    if ((value >= from && value <= to) || before.has(nodePortPrefix + value)) return;
    const detail = `provided port is not in the valid range. The range of valid ports is ${from}-${to}`;
    throw invalid(request, { type: 'Invalid', field, value, detail });
  }

  #free(request: AdmissionRequest, chosen: Set<number>): number {
    const { from, to } = this.#options.nodePortRange;
    const size = to - from + 1;
    const spared = Math.min(Math.max(16, Math.floor(size / 32)), 128, Math.floor(size / 2));
    const taken = (port: number) => chosen.has(port) || this.#isTaken(request, String(port));
    const free = pickFree([{ from, to, spared }], taken, this.#options.random);
    if (free !== undefined) return free;
    throw StatusError.internal('failed to allocate a nodePort: range is full');
  }

  /** What an earlier attempt of this request learnt is newer than the cache. */
  #isTaken({ known }: AdmissionRequest, port: string): boolean {
    const key = nodePortPrefix + port;
    return known.has(key) ? known.get(key) !== undefined : this.#options.reserved(nodePortPrefix).has(port);
  }
}

function invalid(request: AdmissionRequest, error: FieldError): StatusError {
  return StatusError.invalid(request.kind, request.name, [error]);
}
