// One request as the audit log tells it: when it came, when its answer began (for what takes long), and how it ended. Without a
// policy there is no auditor, and requests pay nothing.
import type { IncomingMessage } from 'node:http';
import { isRecord, type Status } from '@berth/machinery';
import { type Clock, microTimestamp } from '@berth/telemetry';
import type { User } from '../core/types.ts';
import type { ResourcePath } from '../http/request-info.ts';
import type { AuditLog } from './audit-log.ts';
import type { AuditDecision, AuditPolicy, Stage } from './policy.ts';

export interface AuditorOptions {
  policy: AuditPolicy;
  log: AuditLog;
  clock: Clock;
}

export interface AuditedRequest {
  request: IncomingMessage;
  auditId: string;
  verb: string;
  path: ResourcePath | undefined;
  /** Who asked, and as whom, when that is somebody else. */
  user: User;
  impersonatedUser: User | undefined;
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

export class AuditRecord {
  readonly #auditId: string;
  readonly #decision: AuditDecision;
  readonly #options: AuditorOptions;
  /** What every stage's event says alike. */
  readonly #shared: Record<string, unknown>;
  readonly #objectRef: Record<string, string> | undefined;
  #answered: Record<string, unknown> = {};
  readonly #annotations: Record<string, string> = {};

  constructor(asked: AuditedRequest, decision: AuditDecision, options: AuditorOptions) {
    this.#decision = decision;
    this.#options = options;
    const { request, auditId, verb, path, user, impersonatedUser } = asked;
    this.#auditId = auditId;
    this.#objectRef = path && objectReference(path);
    this.#shared = {
      requestURI: request.url,
      verb,
      user: userInfo(user),
      ...(impersonatedUser && { impersonatedUser: userInfo(impersonatedUser) }),
      sourceIPs: [request.socket.remoteAddress ?? ''],
      ...(request.headers['user-agent'] && { userAgent: request.headers['user-agent'] }),
      requestReceivedTimestamp: microTimestamp(options.clock),
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
  annotate(key: string, value: string): void {
    this.#annotations[key] ??= value;
  }

  failed(status: Status): void {
    this.#answered.failure = status;
  }

  /** The answer has begun and will take its time: a watch, a log, a stream. */
  started(code: number): Promise<void> {
    return this.stage('ResponseStarted', { responseStatus: { metadata: {}, code } });
  }

  ended(code: number): Promise<void> {
    const { failure, ...answered } = this.#answered as { failure?: Status };
    const { status, reason, message } = failure ?? {};
    const responseStatus = { metadata: {}, ...(status && { status }), ...(message && { message }), ...(reason && { reason }), code };
    return this.stage('ResponseComplete', { responseStatus, ...answered });
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
