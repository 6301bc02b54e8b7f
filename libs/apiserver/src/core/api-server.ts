// The API's semantics without HTTP: every request of every client ends here. It must hold that nothing is read or written
// unless the authorizer allows it, and that whatever a method throws for a client's fault is a StatusError.
import { type KubeObject, StatusError } from '@berth/machinery';
import { createAdmission } from './admission/chain.ts';
import { PolicyStatuses } from './admission/policies/index.ts';
import type { ApiServerOptions } from './api-options.ts';
import { Applies } from './apply.ts';
import { ClusterAuthorizer } from './authorization/cluster-authorizer.ts';
import type { PolicyRule } from './authorization/policy-rules.ts';
import { type Attributes, type Authorizer, attributesOf, forbidden, type Verb } from './authorizer.ts';
import { required, requireName } from './call-checks.ts';
import { ClusterDefaults } from './cluster-defaults.ts';
import { Committer } from './commit.ts';
import { withCompiledExpressions } from './compiled-expressions.ts';
import { componentUsers } from './component-users.ts';
import { accessReviews } from './computed/access-reviews.ts';
import { bindings } from './computed/bindings.ts';
import { schedulingDecisions } from './computed/decisions.ts';
import type { UnstoredCreatePorts } from './computed/unstored-create.ts';
import { usageMetrics } from './computed/usage-metrics.ts';
import { CustomResources } from './custom/custom-resources.ts';
import type { DecisionSource } from './decision-source.ts';
import type { ClusterFacts } from './default-objects.ts';
import { Deletion } from './deletion.ts';
import { EventExpiry } from './event-expiry.ts';
import { ServerHealth } from './health.ts';
import { historyKinds } from './history/index.ts';
import { KindVersions } from './kind-versions.ts';
import { KindsByName } from './kinds-by-name.ts';
import { timed } from './latency.ts';
import { LocalClient } from './local-client.ts';
import { NodeTunnels } from './node-tunnels.ts';
import type { NodeUsage, UsageSource } from './node-usage.ts';
import type { OtherServer, OtherServers } from './other-servers.ts';
import type { PatchKind } from './patches.ts';
import { Reads } from './reads.ts';
import type { Connection, Passage } from './resource.ts';
import { ResourceRegistry, type ServedKind } from './resource-registry.ts';
import { storedObjects } from './stored-objects.ts';
import { Subresources } from './subresources/registry.ts';
import {
  type Annotated,
  type Answer,
  type Call,
  type DeleteAnswer,
  type DeleteSettings,
  type ListAnswer,
  type ListSettings,
  noMetrics,
  type ReadSettings,
  type User,
  type WatchHandle,
  type WatchSettings,
  type WriteSettings,
} from './types.ts';
import { shownObjects } from './views.ts';
import { WatchCache } from './watch-cache.ts';
import { ServiceConnections, WebhookClient } from './webhooks/index.ts';
import { writeAuthor } from './write-author.ts';
import { WriteDecisions } from './write-decisions.ts';
import { Writes } from './writes.ts';

export class ApiServer {
  readonly kinds: KindsByName;
  readonly health: ServerHealth;
  readonly nodes = new NodeTunnels();
  /** Servers of others. */
  readonly services: ServiceConnections;
  readonly webhooks: WebhookClient;
  readonly #options: ApiServerOptions;
  readonly #cache: WatchCache;
  readonly #committer: Committer;
  readonly #authorizer: Authorizer;
  readonly #reads: Reads;
  readonly #resources: ResourceRegistry;
  readonly #unstored: UnstoredCreatePorts;
  readonly #defaults: ClusterDefaults;
  readonly #customResources: CustomResources;
  readonly #policyStatuses: PolicyStatuses;
  /** Undefined where no agents report to this process. */
  usages: UsageSource | undefined;
  #decisions: DecisionSource | undefined;
  /** Before anything else is asked. @throws StatusError 404 or 405 */
  readonly requireServed = (call: Call): void => this.#resources.requireServed(call);

  constructor(options: ApiServerOptions) {
    const { store, clock, random, logger, metrics = noMetrics } = options;
    this.#options = options;
    this.kinds = new KindsByName(options.kinds.map(withCompiledExpressions));
    this.#cache = new WatchCache({ store, kinds: options.kinds.filter((kind) => !kind.view), clock, logger, metrics });
    this.#committer = new Committer({ ...options, cache: this.#cache, metrics, expiry: new EventExpiry(store, clock) });
    this.health = new ServerHealth({ store, cache: this.#cache, logger });
    this.#authorizer = options.authorizer ?? new ClusterAuthorizer(this.#cache, this.kinds);
    this.#reads = new Reads(store, this.#cache, clock);
    const system = this.localClient(componentUsers.apiServer);
    this.services = new ServiceConnections({ client: system, random, openTunnel: this.nodes.open });
    this.webhooks = new WebhookClient({ connections: this.services, clock });
    const webhooks = options.webhooks ?? this.webhooks;
    const isAllowed = (user: User, attributes: Attributes) => this.isAllowed(user, attributes);
    const admission = createAdmission({
      ...options.config,
      hasTokens: options.tokens !== undefined,
      hasMutatingPolicies: options.config.featureGates?.includes('MutatingAdmissionPolicy') ?? false,
      isAllowed,
      ...{ clock, random, metrics, kinds: this.kinds, cache: this.#cache },
      ...{ committer: this.#committer, authorizer: this.#authorizer, webhooks },
    });
    const versions = new KindVersions(this.kinds);
    const decisions = new WriteDecisions({ admission, clock, random, versions });
    const writes = new Writes({ committer: this.#committer, decisions, random });
    const applies = new Applies({ decisions, committer: this.#committer, clock, versions });
    const deletion = new Deletion({ committer: this.#committer, admission, clock });
    const subresources = new Subresources({
      ...{ writes, applies, admission, committer: this.#committer, deletion, clock, tokens: options.tokens, isAllowed },
      read: (call, settings = {}) => this.#reads.get(call.kind, call.namespace, requireName(call), settings.resourceVersion),
      list: (kind, namespace) => this.#reads.all(kind, namespace),
      ...{ nodes: this.nodes, lookup: { client: system, random } },
    });
    const stored = storedObjects({ reads: this.#reads, writes, applies, deletion });
    this.#resources = new ResourceRegistry({ kinds: this.kinds, stored, shown: shownObjects(stored, writes), subresources });
    this.#unstored = { admission, versions, clock };
    this.serve((ports) => [
      ...accessReviews({ ...ports, authorizer: this.#authorizer }),
      bindings({ ...ports, writes, committer: this.#committer }),
      ...usageMetrics({ reads: this.#reads, usages: () => this.#reportedUsages() }),
      schedulingDecisions({ reads: this.#reads, source: () => this.#scheduler() }),
      ...historyKinds({ store, clock, kinds: this.kinds, isAllowed }),
    ]);
    const own = { clock, random, logger, cache: this.#cache, client: system };
    this.#defaults = new ClusterDefaults({ ...options, ...own });
    this.#customResources = new CustomResources({ ...own, metrics, kinds: this.kinds, webhooks });
    this.#policyStatuses = new PolicyStatuses({ ...own, kinds: this.kinds });
  }

  /** Primes the cache and makes what every cluster has. */
  async start(facts: ClusterFacts = {}): Promise<void> {
    await this.#defaults.start(facts);
    await this.#customResources.start();
    this.#policyStatuses.start();
    this.health.started = true;
  }

  async stop(): Promise<void> {
    this.health.started = false;
    this.webhooks.close();
    await Promise.all([this.#policyStatuses.stop(), this.#customResources.stop()]);
    await this.#defaults.stop();
  }

  /** The newest revision this server has seen. */
  get revision(): number {
    return this.#cache.revision;
  }

  /** Kinds with resources of their own, from now on and until what is returned is called. */
  serve(made: (ports: UnstoredCreatePorts) => ServedKind[]): () => void {
    return this.#resources.serve(made(this.#unstored));
  }

  useUsages(usages: UsageSource): void {
    this.usages = usages;
  }

  /** Returns how to end it. */
  useDecisions(source: DecisionSource): () => void {
    this.#decisions = source;
    return () => {
      if (this.#decisions === source) this.#decisions = undefined;
    };
  }

  #scheduler(): DecisionSource {
    if (this.#decisions) return this.#decisions;
    throw StatusError.unavailable(
      'no scheduler runs in this process, which keeps what it decided: ask a control plane with the scheduler role',
    );
  }

  #reportedUsages(): NodeUsage[] {
    if (!this.usages)
      throw StatusError.unavailable(
        'no agents report to this process: start it with the agents role, or register an APIService for metrics.k8s.io',
      );
    return this.usages.current();
  }

  localClient(user: User): LocalClient {
    return new LocalClient(this, user);
  }

  /** @param audit told of the decision. @throws StatusError Forbidden, or Unauthorized for nobody in particular */
  async authorize(user: User, attributes: Attributes, audit?: Annotated): Promise<void> {
    const decide = () => this.#authorizer.authorize(user, attributes);
    const { allowed, reason } = audit ? await timed(audit, 'authorization', this.#options.clock, async () => decide()) : await decide();
    audit?.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
    audit?.annotate('authorization.k8s.io/reason', reason ?? '');
    if (allowed) return;
    // Who has shown nothing may be allowed once it does.
    if (user.groups.includes('system:unauthenticated')) throw StatusError.unauthorized();
    throw forbidden(user, attributes, reason);
  }

  async isAllowed(user: User, attributes: Attributes): Promise<{ allowed: boolean; reason?: string }> {
    return this.#authorizer.authorize(user, attributes);
  }

  /** Every rule that holds for a user in a namespace. */
  rulesFor(user: User, namespace: string): PolicyRule[] {
    return this.#authorizer.rulesFor(user, namespace);
  }

  async get(call: Call, settings: ReadSettings = {}): Promise<Answer> {
    await this.#allow('get', call);
    return required(this.#resources.of(call).get)(call, settings);
  }

  async list(call: Call, settings: ListSettings = {}): Promise<ListAnswer> {
    await this.#allow('list', call);
    return required(this.#resources.of(call).list)(call, settings);
  }

  /** Rejects with Expired (410) when the version is too old to resume from. Ends when `call.signal` aborts. */
  async watch(call: Call, settings: WatchSettings = {}): Promise<WatchHandle> {
    await this.#allow('watch', call);
    const handle = await required(this.#resources.of(call).watch)(call, settings);
    const { signal } = call;
    if (signal?.aborted) handle.close();
    else signal?.addEventListener('abort', () => handle.close(), { once: true });
    return handle;
  }

  /** POST to a collection, or to a subresource of one object (pods/binding, pods/eviction). */
  async create(call: Call, body: unknown, settings: WriteSettings = {}): Promise<Answer> {
    await this.#allow('create', call);
    if (call.subresource) requireName(call);
    return required(this.#resources.of(call).create)(authored('create', call, settings), body, settings);
  }

  async update(call: Call, body: unknown, settings: WriteSettings = {}): Promise<Answer> {
    await this.#allow('update', call);
    requireName(call);
    return required(this.#resources.of(call).update)(authored('update', call, settings), body, settings, () => this.#allow('create', call));
  }

  /** `type` is the content type's short name. */
  async patch(call: Call, type: PatchKind | 'apply', patch: unknown, given: WriteSettings = {}): Promise<Answer> {
    const settings = { ...given, isPatch: true };
    await this.#allow('patch', call);
    requireName(call);
    const resource = this.#resources.of(call);
    const written = authored(type === 'apply' ? 'apply' : 'patch', call, settings);
    if (type === 'apply') return required(resource.apply)(written, patch, settings, () => this.#allow('create', call));
    return required(resource.patch)(written, type, patch, settings);
  }

  async delete(call: Call, settings: DeleteSettings = {}): Promise<DeleteAnswer> {
    await this.#allow('delete', call);
    requireName(call);
    return required(this.#resources.of(call).delete)(authored('delete', call, settings), settings);
  }

  /** Deletes what the selectors find, a few at a time; returns it as it was found. */
  async deleteCollection(call: Call, selectors: ListSettings, settings: DeleteSettings = {}): Promise<ListAnswer> {
    await this.#allow('deletecollection', call);
    return required(this.#resources.of(call).deleteCollection)(authored('deletecollection', call, settings), selectors, settings);
  }

  /** pods/log, exec, attach, portforward. @param verb get or create: how it is asked for */
  async connect(call: Call, verb: Verb, options: KubeObject): Promise<Connection> {
    await this.#allow(verb, call);
    requireName(call);
    return required(this.#resources.of(call).connect)(call, options, () => this.#allow('create', call));
  }

  /** What is behind pods, services and nodes (`proxy`). @param verb as its method is authorized */
  async pass(call: Call, verb: Verb, options: KubeObject): Promise<Passage> {
    await this.#allow(verb, call);
    requireName(call);
    return required(this.#resources.of(call).pass)(call, options);
  }

  /** Other servers answer for whole versions of the API, of whose kinds nothing is known here. */
  passTo(others: OtherServers): void {
    this.#resources.passTo(others);
  }

  /** Which of them answers for a version, if one does. */
  otherFor(group: string, version: string): OtherServer | undefined {
    return this.#resources.otherFor(group, version);
  }

  async #allow(verb: Verb, call: Call): Promise<void> {
    if (call.allowed === verb) return;
    return this.authorize(call.user, attributesOf(verb, call), call.audit);
  }
}

function authored(verb: string, call: Call, settings: WriteSettings): Call {
  return { ...call, author: writeAuthor(verb, call, settings) };
}
