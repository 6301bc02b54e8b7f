// The pod spec as a whole, as pods and pod templates have it. Expects a defaulted spec.
import type { PodSpec } from '../generated/core-v1.types.ts';
import { containers, initContainers } from './containers.ts';
import { each, type FieldError, invalid, invalidAll, oneOf, optionalOneOf, required } from './errors.ts';
import { ipAddress } from './ip.ts';
import { labels } from './labels.ts';
import { dnsLabel, dnsSubdomain, inRange, qualified } from './names.ts';
import { affinity, schedulingGates, tolerations, topologySpread } from './scheduling.ts';
import { podSecurityContext } from './security-context.ts';
import { volumes } from './volumes.ts';

const dnsPolicies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];
const searchPathsMax = 32;
const searchCharactersMax = 2048;
const nameserversMax = 3;

export function validatePodSpec(spec: PodSpec | undefined, field: string): FieldError[] {
  if (!spec) return [required(`${field}.containers`)];
  return [
    ...volumes(spec.volumes, `${field}.volumes`),
    ...containers(spec, field),
    ...initContainers(spec, field),
    ...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, dnsPolicies),
    ...labels(spec.nodeSelector, `${field}.nodeSelector`),
    ...podSecurityContext(spec, field),
    ...each(spec.imagePullSecrets, `${field}.imagePullSecrets`, (secret, path) => (secret.name ? [] : [required(`${path}.name`)])),
    ...affinity(spec.affinity, `${field}.affinity`),
    ...dnsConfig(spec, `${field}.dnsConfig`),
    ...each(spec.readinessGates, `${field}.readinessGates`, ({ conditionType: type }, path) =>
      invalidAll(`${path}.conditionType`, type ?? '', qualified(type ?? '')),
    ),
    ...schedulingGates(spec, `${field}.schedulingGates`),
    ...topologySpread(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`),
    ...named(spec, field),
    ...each(spec.hostAliases, `${field}.hostAliases`, (alias, path) => [
      ...invalidAll(`${path}.ip`, alias.ip ?? '', ipAddress(alias.ip ?? '')),
      ...each(alias.hostnames, `${path}.hostnames`, (hostname) => invalidAll(`${path}.hostnames`, hostname, dnsSubdomain(hostname))),
    ]),
    ...tolerations(spec.tolerations, `${field}.tolerations`),
    ...activeDeadline(spec, `${field}.activeDeadlineSeconds`),
    ...optionalOneOf(`${field}.preemptionPolicy`, spec.preemptionPolicy, ['Never', 'PreemptLowerPriority']),
    ...optionalOneOf(`${field}.os.name`, spec.os?.name, ['linux', 'windows']),
  ];
}

/** Names of other things, each optional. */
function named(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const) {
    const name = spec[key];
    if (name) errors.push(...invalidAll(`${field}.${key}`, name, dnsSubdomain(name)));
  }
  for (const key of ['hostname', 'subdomain'] as const) {
    const name = spec[key];
    if (name) errors.push(...invalidAll(`${field}.${key}`, name, dnsLabel(name)));
  }
  return errors;
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
  errors.push(...each(nameservers, `${field}.nameservers`, (ip, path) => invalidAll(path, ip, ipAddress(ip))));
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
      return name === '' ? [] : invalidAll(path, search, dnsSubdomain(name.replaceAll('_', '-')));
    }),
  );
  errors.push(...each(config.options, `${field}.options`, (option, path) => (option.name ? [] : [required(path, 'must not be empty')])));
  return errors;
}
