// What of the API is off, or not, as kube-apiserver has it: admission plugins by --disable-admission-plugins, versions of the API by --runtime-config, what acts on their objects
// by --feature-gates. A typing error says what there is.
import { betaKinds } from '@berth/api';
import { type FeatureGate, featureGates } from '@berth/apiserver/core';
import { apiVersionOf } from '@berth/machinery';
import { type OptionValues, UsageError } from '@berth/telemetry/command-line';

export const featureUsage = `  --disable-admission-plugins NAMES  comma-separated, e.g. ServiceAccount
  --runtime-config VERSIONS   comma-separated, e.g. admissionregistration.k8s.io/v1beta1=true, or api/beta=true for all of them: versions of the
                              API that are off otherwise
  --feature-gates FEATURES    comma-separated, e.g. MutatingAdmissionPolicy=true, which needs its version of the API`;

export const featureOptions = {
  'disable-admission-plugins': { type: 'string' },
  'runtime-config': { type: 'string', multiple: true },
  'feature-gates': { type: 'string', multiple: true },
} as const;

export interface FeatureConfig {
  /** `group/version`s that are off otherwise. */
  apiVersions: string[];
  featureGates: FeatureGate[];
  /** By name. */
  disableAdmissionPlugins: string[];
}

type Values = Partial<OptionValues<typeof featureOptions>>;

/** What each feature works with. */
const neededVersions: Record<FeatureGate, string> = { MutatingAdmissionPolicy: 'admissionregistration.k8s.io/v1beta1' };
const optionalVersions = [...new Set(betaKinds.map(apiVersionOf))];
const groupsOfVersions = ['api/beta', 'api/all'];

/** @throws UsageError */
export function parseFeatures(values: Values): FeatureConfig {
  const versions = switches('--runtime-config', values['runtime-config'], (name) => {
    if ([...groupsOfVersions, ...optionalVersions].includes(name)) return;
    throw new UsageError(
      `--runtime-config: ${JSON.stringify(name)} cannot be turned on or off; what can is ${[...optionalVersions, ...groupsOfVersions].join(', ')}`,
    );
  });
  const gates = switches('--feature-gates', values['feature-gates'], (name) => {
    if ((featureGates as readonly string[]).includes(name)) return;
    throw new UsageError(`--feature-gates: unrecognized feature gate: ${name}; there is ${featureGates.join(', ')}`);
  });
  const wanted = (version: string) =>
    versions.get(version) ?? groupsOfVersions.map((name) => versions.get(name)).find((on) => on !== undefined);
  const apiVersions = optionalVersions.filter((version) => wanted(version) ?? false);
  const on = featureGates.filter((gate) => gates.get(gate) ?? false);
  for (const gate of on) {
    const needed = neededVersions[gate];
    if (!apiVersions.includes(needed))
      throw new UsageError(
        `--feature-gates ${gate}=true needs --runtime-config ${needed}=true: without it, nobody can say what it is to do`,
      );
  }
  return { apiVersions, featureGates: on, disableAdmissionPlugins: items(values['disable-admission-plugins']) };
}

function switches(option: string, texts: string[] = [], check: (name: string) => void): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const part of texts.flatMap(items)) {
    const [name = '', value = 'true', ...more] = part.split('=');
    check(name);
    if (more.length > 0 || !['true', 'false'].includes(value))
      throw new UsageError(`${option}: ${JSON.stringify(part)} is not NAME=true or NAME=false`);
    found.set(name, value === 'true');
  }
  return found;
}

function items(text = ''): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
