// Defaults of a pod spec, wherever it stands. Idempotent: only absent (or zero, where Kubernetes treats zero as
// absent) fields are filled in.
import type {
  Container,
  EnvVar,
  LifecycleHandler,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ProbeHandler,
  Volume,
  VolumeProjection,
} from '../generated/core-v1.types.ts';
import { containerTotals } from '../quota/amounts.ts';
import { isPodLevelResource, mayOvercommit } from '../validation/resources.ts';
import { imageTag } from './image.ts';
import { defaultVolumeSource } from './volume-source.ts';

/** Mode of files that volumes project: octal 0644. */
const fileMode = 0o644;

export function defaultPodSpec(spec: PodSpec): void {
  spec.containers ??= [];
  spec.restartPolicy ||= 'Always';
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // The older name of the field stays a mirror of the newer one.
  if (spec.serviceAccountName || spec.serviceAccount) {
    spec.serviceAccountName ||= spec.serviceAccount;
    spec.serviceAccount = spec.serviceAccountName;
  }
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of everyContainer(spec)) defaultContainer(container);
}

export function defaultPodTemplate(template: PodTemplateSpec): void {
  template.spec ??= { containers: [] };
  defaultPodSpec(template.spec);
}

/** A pod gets a few defaults that a template does not, so that equal templates stay equal. */
export function defaultPod(pod: Pod): void {
  pod.spec ??= { containers: [] };
  const { spec } = pod;
  spec.enableServiceLinks ??= true;
  defaultPodSpec(spec);
  // Ephemeral ones have neither resources nor ports.
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    requestLimits(container);
    if (spec.hostNetwork) for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  }
  defaultPodResources(spec);
}

export function everyContainer(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

/** A resource with a limit and no request is requested up to its limit. */
function requestLimits(container: Container): void {
  const limits = container.resources?.limits;
  if (!container.resources || !limits || Object.keys(limits).length === 0) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
}

/**
 * A pod that says anything about its resources as a whole is limited to the huge pages that its containers are, and requests
 * what they request together; what they do not request, up to its own limit.
 */
function defaultPodResources(spec: PodSpec): void {
  const { resources } = spec;
  const isGiven = [resources?.limits, resources?.requests].some((list) => Object.keys(list ?? {}).length > 0);
  if (!resources || !isGiven) return;
  for (const [name, sum] of containerTotals(spec, 'limits')) {
    if (!name.startsWith('hugepages-') || resources.requests?.[name] !== undefined) continue;
    resources.limits = { [name]: sum.toString(), ...resources.limits };
  }
  if (Object.keys(resources.limits ?? {}).length === 0) return;
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, sum] of containerTotals(spec, 'requests')) {
    if (isPodLevelResource(name) && mayOvercommit(name)) requests[name] ??= sum.toString();
  }
  for (const [name, limit] of Object.entries(resources.limits ?? {})) if (isPodLevelResource(name)) requests[name] ??= limit;
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

function defaultContainer(container: Container): void {
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.imagePullPolicy ||= imageTag(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) defaultEnv(variable);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) if (probe) defaultProbe(probe);
  for (const hook of [container.lifecycle?.postStart, container.lifecycle?.preStop]) if (hook) defaultHandler(hook);
}

function defaultEnv(variable: EnvVar): void {
  const field = variable.valueFrom?.fieldRef;
  if (field) field.apiVersion ||= 'v1';
  const resource = variable.valueFrom?.resourceFieldRef;
  if (resource) resource.divisor ||= '0';
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHandler(probe);
}

function defaultHandler(handler: ProbeHandler & LifecycleHandler): void {
  if (handler.httpGet) {
    handler.httpGet.path ||= '/';
    handler.httpGet.scheme ||= 'HTTP';
  }
  if (handler.grpc) handler.grpc.service ??= '';
}

function defaultVolume(volume: Volume): void {
  const isSourceGiven = Object.entries(volume).some(([key, value]) => key !== 'name' && value !== undefined && value !== null);
  if (!isSourceGiven) volume.emptyDir = {};
  defaultVolumeSource(volume);
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) if (source) source.defaultMode ??= fileMode;
  for (const file of volume.downwardAPI?.items ?? []) if (file.fieldRef) file.fieldRef.apiVersion ||= 'v1';
  for (const file of volume.downwardAPI?.items ?? []) if (file.resourceFieldRef) file.resourceFieldRef.divisor ||= '0';
  for (const projection of volume.projected?.sources ?? []) defaultProjection(projection);
  if (volume.ephemeral?.volumeClaimTemplate?.spec) volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem';
  if (volume.image) volume.image.pullPolicy ||= imageTag(volume.image.reference ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultProjection(projection: VolumeProjection): void {
  for (const file of projection.downwardAPI?.items ?? []) {
    if (file.fieldRef) file.fieldRef.apiVersion ||= 'v1';
    if (file.resourceFieldRef) file.resourceFieldRef.divisor ||= '0';
  }
  if (projection.serviceAccountToken) projection.serviceAccountToken.expirationSeconds ??= 3600;
}
