// The plugins that every API server runs, in Kubernetes' order.
import {
  ClusterRole,
  IngressClass,
  IPAddress,
  kinds,
  LimitRange,
  Namespace,
  Pod,
  PriorityClass,
  ResourceQuota as ResourceQuotaKind,
  Role,
  RuntimeClass as RuntimeClassKind,
  Service,
  ServiceAccount,
  ServiceCIDR,
  StorageClass,
} from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import type { Clock, Random } from '@berth/telemetry';
import { appearing } from '../appearing.ts';
import type { Attributes, Authorizer } from '../authorizer.ts';
import type { Committer } from '../commit.ts';
import { componentUsers } from '../component-users.ts';
import { relativeKey } from '../keys.ts';
import { erased, type KindsByName } from '../kinds-by-name.ts';
import type { Entry } from '../object-codec.ts';
import { everything } from '../selection.ts';
import type { CoreMetrics, MutationCheck, User } from '../types.ts';
import type { WatchCache } from '../watch-cache.ts';
import { Admission, type AdmissionPlugin, type DynamicMutation, type DynamicValidation } from './admission.ts';
import { CertificateRequestSignature } from './certificate-request-signature.ts';
import { CertificateRequests } from './certificate-requests.ts';
import { PersistentVolumeClaimResize } from './claim-resize.ts';
import type { AddressSource } from './cluster-ips.ts';
import { DefaultIngressClass } from './default-ingress-class.ts';
import { DefaultStorageClass } from './default-storage-class.ts';
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts';
import { DeviceAdminAccess } from './device-admin-access.ts';
import { LimitRanger } from './limit-ranger.ts';
import { NamespaceLifecycle } from './namespace-lifecycle.ts';
import { NodeRestriction } from './node-restriction.ts';
import { PodSecurity } from './pod-security.ts';
import { MutatingPolicies, ValidatingPolicies } from './policies/index.ts';
import { PolicyParamAccess } from './policy-param-access.ts';
import { Priority } from './priority.ts';
import { RbacEscalation } from './rbac-escalation.ts';
import { ResourceQuota } from './resource-quota.ts';
import { RuntimeClass } from './runtime-class.ts';
import { ServiceAccountAdmission } from './service-account.ts';
import { ServiceAllocation } from './service-allocation.ts';
import { StorageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { TaintNodesByCondition } from './taint-nodes-by-condition.ts';
import { TlsSecretWarnings } from './tls-secret-warnings.ts';
import { MutatingWebhooks, ValidatingWebhooks, type WebhooksOptions } from './webhooks/index.ts';

const quotaKind = erased(ResourceQuotaKind);
/** Events come and go too often to be counted. */
const countedKinds = kinds.filter(({ namespaced, kind }) => namespaced && kind !== 'Event');

export interface AdmissionOptions {
  serviceCidr: string;
  clusterDns: string;
  nodePortRange: { from: number; to: number };
  /** By name. */
  disableAdmissionPlugins?: string[];
  /** Whether there are tokens to give to pods. */
  hasTokens: boolean;
  isAllowed(user: User, attributes: Attributes): Promise<{ allowed: boolean }>;
  clock: Clock;
  random: Random;
  cache: WatchCache;
  committer: Committer;
  authorizer: Authorizer;
  kinds: KindsByName;
  metrics: CoreMetrics;
  webhooks: WebhooksOptions['client'];
  /** Whether policies that change objects are turned on; then their kinds are served. */
  hasMutatingPolicies: boolean;
}

/** As long as Kubernetes gives the default account of a new namespace to be made. */
const accountWaitMs = 3_000;

export function createAdmission(options: AdmissionOptions): Admission {
  const { disableAdmissionPlugins: disabled = [] } = options;
  const enabled = <Plugin extends { name: string }>(plugins: Plugin[]) => plugins.filter(({ name }) => !disabled.includes(name));
  const mutations = enabled(mutatingPlugins(options));
  return new Admission(enabled(everyPlugin(options)), { mutations, validations: enabled(validations(options)) });
}

function dynamicOptions(options: AdmissionOptions): WebhooksOptions {
  const namespace = async (name: string) => (await options.committer.recent(erased(Namespace), undefined, name))?.object;
  return { ...options, client: options.webhooks, namespace };
}

/** Policies come first, where they are turned on. */
function mutatingPlugins(options: AdmissionOptions): DynamicMutation[] {
  const dynamic = dynamicOptions(options);
  const policies = { ...dynamic, mutated: (check: MutationCheck) => options.metrics.objectMutated(check) };
  return [...(options.hasMutatingPolicies ? [new MutatingPolicies(policies)] : []), new MutatingWebhooks(dynamic)];
}

function validations(options: AdmissionOptions): DynamicValidation[] {
  const dynamic = dynamicOptions(options);
  return [
    new ValidatingPolicies({ ...dynamic, checked: (check) => options.metrics.policyChecked(check) }),
    new ValidatingWebhooks(dynamic),
  ];
}

function everyPlugin(options: AdmissionOptions): AdmissionPlugin[] {
  const { cache, committer, authorizer } = options;
  const all = <T extends KubeObject>(kind: KindDefinition<T>): T[] => [...cache.of(erased(kind)).all()].map(({ object }) => object as T);
  const within = <T extends KubeObject>(kind: KindDefinition<T>, namespace: string): T[] =>
    [...cache.of(erased(kind)).select(everything, namespace)].map(({ object }) => object as T);
  const byName = async <T extends KubeObject>(kind: KindDefinition<T>, name: string): Promise<T | undefined> =>
    (await committer.recent(erased(kind), undefined, name))?.object as T | undefined;
  return [
    new NamespaceLifecycle((name) => committer.recent(erased(Namespace), undefined, name)),
    new LimitRanger((namespace) => within(LimitRange, namespace)),
    ...(options.hasTokens ? [accountAdmission(options)] : []),
    new NodeRestriction(),
    new TaintNodesByCondition(),
    new PodSecurity({
      recentNamespace: (name) => committer.recent(erased(Namespace), undefined, name),
      pods: (namespace) => within(Pod, namespace),
    }),
    new Priority({ byName: (name) => byName(PriorityClass, name), all: () => all(PriorityClass) }),
    new DefaultTolerationSeconds(),
    new DefaultStorageClass(() => all(StorageClass)),
    new StorageObjectInUseProtection(),
    new PersistentVolumeClaimResize((name) => byName(StorageClass, name)),
    new RuntimeClass((name) => byName(RuntimeClassKind, name)),
    new CertificateRequests(options.isAllowed),
    new CertificateRequestSignature(),
    new DeviceAdminAccess((name) => byName(Namespace, name)),
    new TlsSecretWarnings(),
    new DefaultIngressClass(() => all(IngressClass)),
    new RbacEscalation({
      rulesFor: (user, namespace) => authorizer.rulesFor(user, namespace),
      isAllowed: async (user, attributes) => (await authorizer.authorize(user, attributes)).allowed,
      roleOf: async (kind, namespace, name) =>
        kind === 'Role'
          ? ((await committer.recent(erased(Role), namespace, name))?.object as Role | undefined)
          : ((await committer.recent(erased(ClusterRole), undefined, name))?.object as ClusterRole | undefined),
    }),
    new PolicyParamAccess({
      kinds: options.kinds,
      isAllowed: async (user, attributes) => (await authorizer.authorize(user, attributes)).allowed,
      policyOf: async ({ group, version, kind, plural }, name) => {
        const policies = options.kinds.kind(group, version, kind.replace(/Binding$/, ''));
        if (!policies) throw new RangeError(`${plural} have no policies`);
        return (await committer.recent(policies, undefined, name))?.object as never;
      },
    }),
    new ServiceAllocation({ ...options, reserved: (prefix) => cache.reserved(prefix), addresses: addressSource(cache) }),
    new ResourceQuota({
      quotas: (namespace) => cache.of(quotaKind).select(everything, namespace),
      load: (namespace, name) => committer.load(quotaKind, namespace, name),
      kinds: () => [...countedKinds, ...cache.customKinds().filter(({ namespaced }) => namespaced)],
      objects: (kind, namespace) => objectsOf(cache.of(kind).select(everything, namespace)),
      reach: (revision) => cache.reach(revision),
      now: () => options.clock.now(),
      counter: componentUsers.controllerManager.name,
    }),
  ];
}

function addressSource(cache: WatchCache): AddressSource {
  return {
    serviceCidrs: () => cache.of(erased(ServiceCIDR)).all(),
    isReserved: (address) => cache.of(erased(IPAddress)).get(address) !== undefined,
    holders: (address) => cache.of(erased(Service)).withValue(address),
    proven: () => cache.proven(),
  };
}

function* objectsOf(entries: Iterable<Entry>): Generator<KubeObject> {
  for (const { object } of entries) yield object;
}

function accountAdmission({ cache, clock, random }: AdmissionOptions): AdmissionPlugin {
  return new ServiceAccountAdmission({
    account: (namespace, name) => cache.of(erased(ServiceAccount)).get(relativeKey(namespace, name))?.object as ServiceAccount | undefined,
    appearing: (namespace, name) => appearing(cache, clock, ServiceAccount, { namespace, name }, accountWaitMs),
    random,
  });
}
