// What a pod may ask for depends on the system that it says it is for; and what Windows takes for a user, whoever asks.
import type { Container, PodSpec, SecurityContext, WindowsSecurityContextOptions } from '../generated/core-v1.types.ts';
import { type FieldError, forbidden, invalid, invalidAll } from './errors.ts';
import { dnsSubdomain } from './names.ts';

const specMaxKiB = 64;
const domainCharactersMax = 256;
const userCharactersMax = 104;
const netBiosName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f]/;
const notForWindows = 'cannot be set for a windows pod';
const podFields = [
  ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls', 'runAsUser', 'runAsGroup'],
  ...['supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'],
] as const;
const containerFields = [
  ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged'],
  ...['allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup'],
] as const;

type Contained = { path: string; context: SecurityContext };

function contexts(spec: PodSpec, field: string): Contained[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    ((spec[list] ?? []) as Pick<Container, 'securityContext'>[]).map(({ securityContext = {} }, index) => ({
      path: `${field}.${list}[${index}].securityContext`,
      context: securityContext,
    })),
  );
}

/** Of a pod that says for which system it is. */
export function ofOperatingSystem(spec: PodSpec, field: string): FieldError[] {
  if (spec.os?.name === 'windows') return windowsOnly(spec, field);
  if (spec.os?.name !== 'linux') return [];
  const path = `${field}.securityContext`;
  return [{ path, context: spec.securityContext ?? {} }, ...contexts(spec, field)]
    .filter(({ context }) => context.windowsOptions)
    .map((found) => forbidden(`${found.path}.windowsOptions`, 'windows options cannot be set for a linux pod'));
}

function windowsOnly(spec: PodSpec, field: string): FieldError[] {
  const context = (spec.securityContext ?? {}) as Record<string, unknown>;
  const isGiven = (name: string) => context[name] !== undefined && !(name === 'sysctls' && (context.sysctls as unknown[]).length === 0);
  const errors = podFields.filter(isGiven).map((name) => forbidden(`${field}.securityContext.${name}`, notForWindows));
  for (const name of ['hostUsers', 'shareProcessNamespace'] as const)
    if (spec[name] !== undefined) errors.push(forbidden(`${field}.${name}`, notForWindows));
  for (const name of ['hostPID', 'hostIPC'] as const) if (spec[name]) errors.push(forbidden(`${field}.${name}`, notForWindows));
  const within = contexts(spec, field).flatMap((found) =>
    containerFields.filter((name) => found.context[name] !== undefined).map((name) => forbidden(`${found.path}.${name}`, notForWindows)),
  );
  return [...errors, ...within];
}

/** Containers that are processes of a Windows host: all of a pod or none, and on its network. */
export function hostProcesses(spec: PodSpec, field: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const all = contexts(spec, field);
  const errors = all.flatMap(({ path, context }) => {
    const own = context.windowsOptions?.hostProcess;
    if (ofPod === undefined || own === undefined || ofPod === own) return [];
    return [
      invalid(`${path}.windowsOptions.hostProcess`, own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`),
    ];
  });
  const count = all.filter(({ context }) => context.windowsOptions?.hostProcess ?? ofPod).length;
  if (count === 0) return errors;
  if (count !== all.length)
    errors.push(invalid(field, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'));
  if (!spec.hostNetwork)
    errors.push(invalid(`${field}.hostNetwork`, false, 'hostNetwork must be true if pod contains any hostProcess containers'));
  return errors;
}

export function windowsOptions(options: WindowsSecurityContextOptions | undefined, field: string): FieldError[] {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options ?? {};
  const errors = name === undefined ? [] : invalidAll(`${field}.gmsaCredentialSpecName`, name, dnsSubdomain(name));
  if (spec === '') errors.push(invalid(`${field}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec cannot be an empty string'));
  if ((spec?.length ?? 0) > specMaxKiB * 1024)
    errors.push(invalid(`${field}.gmsaCredentialSpec`, spec, `gmsaCredentialSpec size must be under ${specMaxKiB} KiB`));
  return user === undefined ? errors : [...errors, ...invalidAll(`${field}.runAsUserName`, user, userProblems(user))];
}

/** `user` or `domain\\user`. */
function userProblems(name: string): string[] {
  const parts = name.split('\\');
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (controlCharacters.test(name)) return ['runAsUserName cannot contain control characters'];
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const user = parts.at(-1) ?? '';
  const problems: string[] = [];
  if ((domain?.length ?? 0) >= domainCharactersMax)
    problems.push(`runAsUserName's Domain length must be under ${domainCharactersMax} characters`);
  if (domain !== undefined && !netBiosName.test(domain) && dnsSubdomain(domain.toLowerCase()).length > 0)
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  if (user === '') problems.push("runAsUserName's User cannot be empty");
  else if (user.length > userCharactersMax)
    problems.push(`runAsUserName's User length must not be longer than ${userCharactersMax} characters`);
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) problems.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  return problems;
}
