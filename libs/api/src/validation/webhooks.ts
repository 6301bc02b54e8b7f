// Webhook configurations: what is called, in which versions, and how long the API may wait for it.
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../generated/admissionregistration-v1.types.ts';
import { admissionRule, matchConditions } from './admission-rules.ts';
import { duplicate, duplicates, each, type FieldError, invalid, invalidAll, oneOfGiven, required } from './errors.ts';
import { labelSelector } from './labels.ts';
import { dns1035Label, dnsSubdomain, portNumber } from './names.ts';

const effects = ['None', 'NoneOnDryRun'];
const reviewVersions = ['v1', 'v1beta1'];
const urlForm = 'desired format: https://host[/path]';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

/** @param old rules that what was there did not keep are not asked for */
export function validateWebhooks({ webhooks }: Configuration, old?: Configuration): FieldError[] {
  const list: MutatingWebhook[] = webhooks ?? [];
  const before: MutatingWebhook[] | undefined = old?.webhooks;
  const repeated = (of: MutatingWebhook[]) =>
    duplicates(
      of,
      ({ name }) => name ?? '',
      (index, { name }) => duplicate(`webhooks[${index}].name`, name),
    );
  const known = {
    effects: before?.some(({ sideEffects }) => !effects.includes(sideEffects ?? '')) ? [...effects, 'Some', 'Unknown'].sort() : effects,
    needsVersion: !before?.some(({ admissionReviewVersions: given = [] }) => !given.some((version) => reviewVersions.includes(version))),
  };
  return [
    ...each(list, 'webhooks', (hook, field) => webhook(hook, known, field)),
    ...(before && repeated(before).length > 0 ? [] : repeated(list)),
  ];
}

function webhook(hook: MutatingWebhook, known: { effects: string[]; needsVersion: boolean }, field: string): FieldError[] {
  const { sideEffects, timeoutSeconds: seconds } = hook;
  const errors = hookName(hook.name, `${field}.name`);
  errors.push(...labelSelector(hook.namespaceSelector, `${field}.namespaceSelector`));
  errors.push(...labelSelector(hook.objectSelector, `${field}.objectSelector`));
  errors.push(...each(hook.rules, `${field}.rules`, admissionRule));
  errors.push(...optional(`${field}.failurePolicy`, hook.failurePolicy, ['Fail', 'Ignore']));
  errors.push(...optional(`${field}.matchPolicy`, hook.matchPolicy, ['Equivalent', 'Exact']));
  if (sideEffects === undefined) errors.push(required(`${field}.sideEffects`, `must specify one of ${known.effects.join(', ')}`));
  else errors.push(...optional(`${field}.sideEffects`, sideEffects, known.effects));
  if (seconds !== undefined && (seconds < 1 || seconds > 30)) {
    errors.push(invalid(`${field}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds'));
  }
  return [
    ...errors,
    ...validateWebhookClient(hook.clientConfig ?? {}, `${field}.clientConfig`),
    ...versions(hook.admissionReviewVersions ?? [], known.needsVersion, `${field}.admissionReviewVersions`),
    ...optional(`${field}.reinvocationPolicy`, hook.reinvocationPolicy, ['IfNeeded', 'Never']),
    ...matchConditions(hook.matchConditions, `${field}.matchConditions`),
  ];
}

function optional(field: string, value: string | undefined, supported: string[]): FieldError[] {
  return value === undefined ? [] : oneOfGiven(field, value, supported);
}

function hookName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const reasons = dnsSubdomain(name);
  if (reasons.length > 0) return [invalid(field, name, reasons.join(','))];
  if (name.split('.').length > 2) return [];
  return [invalid(field, name, 'should be a domain with at least three segments separated by dots')];
}

function versions(list: string[], needsKnown: boolean, field: string): FieldError[] {
  if (list.length === 0) return [required(field, `must specify one of ${reviewVersions.join(', ')}`)];
  const seen = new Set<string>();
  const errors = each(list, field, (version, at) => {
    if (seen.has(version)) return [];
    seen.add(version);
    return invalidAll(at, version, dns1035Label(version));
  });
  errors.push(
    ...duplicates(
      list,
      (version) => `version ${version}`,
      (index, version) => invalid(`${field}[${index}]`, version, 'duplicate version'),
    ),
  );
  if (!needsKnown || list.some((version) => reviewVersions.includes(version))) return errors;
  return [...errors, invalid(field, list, `must include at least one of ${reviewVersions.join(', ')}`)];
}

/** By what address a server is reached. */
export function validateWebhookClient({ url, service }: WebhookClientConfig, field: string): FieldError[] {
  if ((url === undefined) === (service === undefined)) return [required(field, 'exactly one of url or service is required')];
  if (url !== undefined) return webhookUrl(url, `${field}.url`);
  const { name, namespace, path = '', port = 0 } = service ?? {};
  const at = `${field}.service`;
  return [
    // Kubernetes takes one for the other.
    ...(name ? [] : [required(`${at}.namespace`)]),
    ...(namespace ? [] : [required(`${at}.name`)]),
    ...portNumber(port).map((reason) => invalid(`${at}.port`, port, `port is not valid: ${reason}`)),
    ...(path === '' || path === '/' ? [] : servicePath(path, `${at}.path`)),
  ];
}

function servicePath(path: string, field: string): FieldError[] {
  if (path === '//') return [invalid(field, path, 'segment[0] may not be empty')];
  const errors = path.startsWith('/') ? [] : [invalid(field, path, "must start with a '/'")];
  const segments = path.slice(1).replace(/\/$/, '').split('/');
  return [
    ...errors,
    ...segments.flatMap((segment, index) => {
      if (segment === '') return [invalid(field, path, `segment[${index}] may not be empty`)];
      return dnsSubdomain(segment).map((reason) => invalid(field, path, `segment[${index}]: ${reason}`));
    }),
  ];
}

function webhookUrl(url: string, field: string): FieldError[] {
  // What names neither scheme nor host is a path, which is a URL as well.
  const [, scheme = '', authority = '', , query, fragment] =
    /^(?:([A-Za-z][-+.A-Za-z0-9]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https') errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme; ${urlForm}`));
  const at = authority.lastIndexOf('@');
  if (at === authority.length - 1) errors.push(invalid(field, '', `host must be specified; ${urlForm}`));
  if (at >= 0) errors.push(invalid(field, authority.slice(0, at), 'user information is not permitted in the URL'));
  if (fragment) errors.push(invalid(field, fragment.slice(1), 'fragments are not permitted in the URL'));
  if (query) errors.push(invalid(field, query.slice(1), 'query parameters are not permitted in the URL'));
  return errors;
}
