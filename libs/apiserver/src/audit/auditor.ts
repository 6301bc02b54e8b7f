// One request as the audit log tells it: when it came, when its answer began (for what takes long), and how it ended. Without a
// policy there is no auditor, and requests pay nothing.
import { isRecord, type Status } from '@berth/machinery';
import { type Clock, microTimestamp } from '@berth/telemetry';
import { timed } from '../core/latency.ts';
import type { ResourcePath } from '../core/request-info.ts';
import type { ServedRequest } from '../core/served-message.ts';
import type { Annotated, Layer, User } from '../core/types.ts';
import type { AuditLog } from './audit-log.ts';
import { goDuration } from './go-duration.ts';
import type { AuditDecision, AuditPolicy, Stage } from './policy.ts';

const decisionKey = 'authorization.k8s.io/decision';
/** As Kubernetes: of what takes no longer, nobody is told where the time went. */
const slowMs = 500;
const latencyPrefix = 'apiserver.latency.k8s.io/';

export interface AuditorOptions {
  policy: AuditPolicy;
  log: AuditLog;
  clock: Clock;
}

export interface AuditedRequest {
  request: ServedRequest;
  auditId: string;
  verb: string;
  path: ResourcePath | undefined;
  /** Who asked, and as whom, when that is somebody else. */
  user: User;
  impersonatedUser: User | undefined;
  /** When it came, on the clock's monotonic scale. */
  startMs: number;
}

export class Auditor {
  readonly #options: AuditorOptions;

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  /** Tells of the request's arrival. Undefined when the policy wants nothing of it. */
  async begin(asked: AuditedRequest): Promise<AuditRecord | undefined> {
    const { policy } = this.#options;
    const url = asked.request.url ?? '/';
    const decision = policy.decide(asked.user, { verb: asked.verb, resource: asked.path, path: url.split('?', 1)[0] ?? '/' });
    if (decision.level === 'None') return undefined;
    const record = new AuditRecord(asked, decision, this.#options);
    await record.stage('RequestReceived');
    return record;
  }
}

/** Where what becomes of a request is noted. */
export type RequestRecord = Annotated & Omit<Pick<AuditRecord, keyof AuditRecord>, 'stage'>;

export class AuditRecord implements Annotated {
  readonly #auditId: string;
  readonly #decision: AuditDecision;
  readonly #options: AuditorOptions;
  /** What every stage's event says alike. */
  readonly #shared: Record<string, unknown>;
  readonly #objectRef: Record<string, string> | undefined;
  #answered: Record<string, unknown> = {};
  readonly #annotations: Record<string, string> = {};
  readonly #startMs: number;
  readonly #spentMs = new Map<Layer, number>();
  #deprecation: { removedRelease?: string | undefined } | undefined;

  constructor(asked: AuditedRequest, decision: AuditDecision, options: AuditorOptions) {
    this.#decision = decision;
    this.#options = options;
    const { request, auditId, verb, path, user, impersonatedUser, startMs } = asked;
    this.#auditId = auditId;
    this.#startMs = startMs;
    this.#objectRef = path && objectReference(path);
    this.#shared = {
      requestURI: request.url,
      verb,
      user: userInfo(user),
      ...(impersonatedUser && { impersonatedUser: userInfo(impersonatedUser) }),
      sourceIPs: [request.socket.remoteAddress ?? ''],
      ...(request.headers['user-agent'] && { userAgent: request.headers['user-agent'] }),
      requestReceivedTimestamp: microTimestamp({ now: () => options.clock.now() - this.#elapsedMs() }),
    };
  }

  /** What was sent, decoded; told from level Request on. */
  requestObject(object: unknown): void {
    if (this.#decision.level === 'Request' || this.#decision.level === 'RequestResponse') {
      this.#shared.requestObject = this.#shown(object);
    }
    this.#nameAfter(object);
  }

  /** What was answered; told at level RequestResponse. */
  responseObject(object: unknown): void {
    if (this.#decision.level === 'RequestResponse') this.#answered.responseObject = this.#shown(object);
    this.#nameAfter(object);
  }

  /** Told with every later event; the first value of a key stays. */
  annotate(key: string, value: string, level?: 'Request'): void {
    if (level && this.#decision.level === 'Metadata') return;
    this.#annotations[key] ??= value;
  }

  spent(layer: Layer, durationMs: number): void {
    this.#spentMs.set(layer, (this.#spentMs.get(layer) ?? 0) + durationMs);
  }

  /** Counts the time that this takes. */
  timed<T>(layer: Layer, work: () => Promise<T>): Promise<T> {
    return timed(this, layer, this.#options.clock, work);
  }

  /** It is about a version that is deprecated. Told at its end, if it was let in. */
  deprecated(removedRelease?: string): void {
    this.#deprecation = { removedRelease };
  }

  failed(status: Status): void {
    this.#answered.failure = status;
  }

  /** The answer has begun and will take its time: a watch, a log, a stream. */
  started(code: number): Promise<void> {
    return this.stage('ResponseStarted', { responseStatus: { metadata: {}, code } });
  }

  ended(code: number): Promise<void> {
    this.#annotateEnd();
    const { failure, ...answered } = this.#answered as { failure?: Status };
    const { status, reason, message } = failure ?? {};
    const responseStatus = { metadata: {}, ...(status && { status }), ...(message && { message }), ...(reason && { reason }), code };
    return this.stage('ResponseComplete', { responseStatus, ...answered });
  }

  #annotateEnd(): void {
    const totalMs = this.#elapsedMs();
    if (this.#deprecation && this.#annotations[decisionKey] === 'allow') {
      this.annotate('k8s.io/deprecated', 'true');
      if (this.#deprecation.removedRelease) this.annotate('k8s.io/removed-release', this.#deprecation.removedRelease);
    }
    if (totalMs <= slowMs) return;
    for (const [layer, durationMs] of this.#spentMs) if (durationMs > 0) this.annotate(latencyPrefix + layer, goDuration(durationMs));
    this.annotate(`${latencyPrefix}total`, goDuration(totalMs));
  }

  #elapsedMs(): number {
    return this.#options.clock.monotonicMs() - this.#startMs;
  }

  async stage(stage: Stage, more: object = {}): Promise<void> {
    const { level, omitted } = this.#decision;
    if (omitted.has(stage)) return;
    await this.#options.log.write({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level,
      auditID: this.#auditId,
      stage,
      ...this.#shared,
      ...(this.#objectRef && { objectRef: { ...this.#objectRef } }),
      ...more,
      stageTimestamp: microTimestamp(this.#options.clock),
      ...(Object.keys(this.#annotations).length > 0 && { annotations: { ...this.#annotations } }),
    });
  }

  /** The path of a POST names nothing: its body does, or the answer where a name was generated. */
  #nameAfter(object: unknown): void {
    const name = isRecord(object) && isRecord(object.metadata) ? object.metadata.name : undefined;
    if (this.#objectRef && typeof name === 'string' && name !== '') this.#objectRef.name ??= name;
  }

  #shown(object: unknown): unknown {
    if (!this.#decision.omitManagedFields || !isRecord(object)) return object;
    const items = Array.isArray(object.items) ? { items: object.items.map((item: unknown) => this.#shown(item)) } : {};
    if (!isRecord(object.metadata)) return { ...object, ...items };
    const { managedFields: _owners, ...metadata } = object.metadata;
    return { ...object, metadata, ...items };
  }
}

function userInfo({ name, groups, ...more }: User): object {
  return { username: name, groups, ...more };
}

function objectReference({ resource, namespace, name, group, version, subresource }: ResourcePath): Record<string, string> {
  return {
    resource,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(group && { apiGroup: group }),
    apiVersion: version,
    ...(subresource && { subresource }),
  };
}
