// The pod spec as a whole, as pods and pod templates have it. Expects a defaulted spec.
import type { PodSpec } from '../generated/core-v1.types.ts';
import { containers, initContainers } from './containers.ts';
import { fileKeyVolumes } from './env.ts';
import { ephemeralContainers } from './ephemeral-containers.ts';
import { each, type FieldError, invalid, invalidAll, notSupported, oneOf, required } from './errors.ts';
import { labels } from './labels.ts';
import { legacyAddress } from './legacy-ip.ts';
import { dnsLabel, dnsSubdomain, dnsSubdomainWithUnderscore, inRange, type NameCheck, qualified } from './names.ts';
import { hostNetworkPorts, hostnameOverride, hostUsers } from './pod-host.ts';
import { podResources } from './pod-resources.ts';
import { podResourceClaims } from './resource-claims.ts';
import { resourceRequirements } from './resources.ts';
import { affinity, schedulingGates, tolerations, topologySpread } from './scheduling.ts';
import { podSecurityContext } from './security-context.ts';
import { volumes } from './volumes.ts';
import { hostProcesses, ofOperatingSystem } from './windows.ts';

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const searchPathsMax = 32;
const searchCharactersMax = 2048;
const nameserversMax = 3;

/** @param isPod whether it is a pod's own, not a template's */
export function validatePodSpec(given: PodSpec | undefined, field: string, isPod = false): FieldError[] {
  if (!given) return [required(`${field}.containers`)];
  const { errors, usable } = volumes(given.volumes, `${field}.volumes`);
  const spec = errors.length > 0 ? { ...given, volumes: usable } : given;
  return [
    ...errors,
    ...containers(spec, field),
    ...initContainers(spec, field),
    ...ephemeralContainers(spec, field),
    ...podResources(spec, field),
    ...hostNetworkPorts(spec, field, isPod),
    ...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, dnsPolicies),
    ...labels(spec.nodeSelector, `${field}.nodeSelector`),
    ...podSecurityContext(spec, field),
    ...affinity(spec.affinity, `${field}.affinity`),
    ...dnsConfig(spec, `${field}.dnsConfig`),
    ...each(spec.readinessGates, `${field}.readinessGates`, ({ conditionType: type }, path) =>
      invalidAll(`${path}.conditionType`, type ?? '', qualified(type ?? '')),
    ),
    ...schedulingGates(spec, `${field}.schedulingGates`),
    ...topologySpread(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`),
    ...hostUsers(spec, field),
    ...hostnameOverride(spec, field),
    ...named(spec, field, ['serviceAccountName', 'nodeName'], dnsSubdomain),
    ...activeDeadline(spec, `${field}.activeDeadlineSeconds`),
    ...named(spec, field, ['hostname', 'subdomain'], dnsLabel),
    ...tolerations(spec.tolerations, `${field}.tolerations`),
    ...each(spec.hostAliases, `${field}.hostAliases`, (alias, path) => [
      ...legacyAddress(alias.ip ?? '', `${path}.ip`),
      ...each(alias.hostnames, `${path}.hostnames`, (hostname, at) => invalidAll(at, hostname, dnsSubdomain(hostname))),
    ]),
    ...named(spec, field, ['priorityClassName'], dnsSubdomain),
    ...runtimeClass(spec, `${field}.runtimeClassName`),
    ...(spec.preemptionPolicy === undefined
      ? []
      : oneOf(`${field}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'])),
    ...resourceRequirements({ limits: spec.overhead ?? {} }, `${field}.overhead`),
    ...operatingSystem(spec, `${field}.os`),
    ...ofOperatingSystem(spec, field),
    ...hostProcesses(spec, field),
    ...podResourceClaims(spec, `${field}.resourceClaims`),
    ...fileKeyVolumes(given, field),
  ];
}

type NameKey = 'serviceAccountName' | 'nodeName' | 'priorityClassName' | 'hostname' | 'subdomain';

/** Names of other things, each optional. */
function named(spec: PodSpec, field: string, keys: NameKey[], check: NameCheck): FieldError[] {
  return keys.flatMap((key) => {
    const name = spec[key];
    return name ? invalidAll(`${field}.${key}`, name, check(name)) : [];
  });
}

/** Given empty, it is a name as any other. */
function runtimeClass({ runtimeClassName: name }: PodSpec, field: string): FieldError[] {
  return name === undefined ? [] : invalidAll(field, name, dnsSubdomain(name));
}

function operatingSystem({ os }: PodSpec, field: string): FieldError[] {
  if (!os) return [];
  if (!os.name) return [required(`${field}.name`)];
  return ['linux', 'windows'].includes(os.name) ? [] : [notSupported(field, os.name, ['linux', 'windows'])];
}

function activeDeadline(spec: PodSpec, field: string): FieldError[] {
  const seconds = spec.activeDeadlineSeconds;
  return seconds === undefined ? [] : invalidAll(field, seconds, inRange(seconds, 1, 2147483647));
}

function dnsConfig(spec: PodSpec, field: string): FieldError[] {
  const config = spec.dnsConfig;
  const errors: FieldError[] = [];
  if (spec.dnsPolicy === 'None') {
    if (!config) return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if ((config.nameservers?.length ?? 0) === 0) {
      return [required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
    }
  }
  if (!config) return [];
  const { nameservers = [], searches = [] } = config;
  if (nameservers.length > nameserversMax)
    errors.push(invalid(`${field}.nameservers`, nameservers, `must not have more than ${nameserversMax} nameservers`));
  errors.push(...each(nameservers, `${field}.nameservers`, legacyAddress));
  if (searches.length > searchPathsMax)
    errors.push(invalid(`${field}.searches`, searches, `must not have more than ${searchPathsMax} search paths`));
  if (searches.join(' ').length > searchCharactersMax) {
    errors.push(
      invalid(
        `${field}.searches`,
        searches,
        `must not have more than ${searchCharactersMax} characters (including spaces) in the search list`,
      ),
    );
  }
  errors.push(
    ...each(searches, `${field}.searches`, (search, path) => {
      const name = search.replace(/\.$/, '');
      return search === '.' ? [] : invalidAll(path, name, dnsSubdomainWithUnderscore(name));
    }),
  );
  errors.push(...each(config.options, `${field}.options`, (option, path) => (option.name ? [] : [required(path, 'must not be empty')])));
  return errors;
}
