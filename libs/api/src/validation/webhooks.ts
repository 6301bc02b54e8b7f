// Webhook configurations: what is called, in which versions, and how long the API may wait for it.
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../generated/admissionregistration-v1.types.ts';
import { admissionRule, matchConditions } from './admission-rules.ts';
import { duplicate, duplicates, each, type FieldError, invalid, invalidAll, notSupported, optionalOneOf, required } from './errors.ts';
import { labelSelector } from './labels.ts';
import { dns1035Label, dnsSubdomain, portNumber } from './names.ts';

const effects = ['None', 'NoneOnDryRun'];
const reviewVersions = ['v1', 'v1beta1'];
const urlForm = 'desired format: https://host[/path]';

export function validateWebhooks({ webhooks }: MutatingWebhookConfiguration | ValidatingWebhookConfiguration): FieldError[] {
  const list: MutatingWebhook[] = webhooks ?? [];
  return [
    ...each(list, 'webhooks', webhook),
    ...duplicates(
      list,
      ({ name }) => name ?? '',
      (index, { name }) => duplicate(`webhooks[${index}].name`, name),
    ),
  ];
}

function webhook(hook: MutatingWebhook, field: string): FieldError[] {
  const { sideEffects, timeoutSeconds: seconds } = hook;
  const errors = hookName(hook.name, `${field}.name`);
  errors.push(...labelSelector(hook.namespaceSelector, `${field}.namespaceSelector`));
  errors.push(...labelSelector(hook.objectSelector, `${field}.objectSelector`));
  errors.push(...each(hook.rules, `${field}.rules`, admissionRule));
  errors.push(...optionalOneOf(`${field}.failurePolicy`, hook.failurePolicy, ['Fail', 'Ignore']));
  errors.push(...optionalOneOf(`${field}.matchPolicy`, hook.matchPolicy, ['Equivalent', 'Exact']));
  if (!sideEffects) errors.push(required(`${field}.sideEffects`, `must specify one of ${effects.join(', ')}`));
  else if (!effects.includes(sideEffects)) errors.push(notSupported(`${field}.sideEffects`, sideEffects, effects));
  if (seconds !== undefined && (seconds < 1 || seconds > 30)) {
    errors.push(invalid(`${field}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds'));
  }
  return [
    ...errors,
    ...client(hook.clientConfig ?? {}, `${field}.clientConfig`),
    ...versions(hook.admissionReviewVersions ?? [], `${field}.admissionReviewVersions`),
    ...optionalOneOf(`${field}.reinvocationPolicy`, hook.reinvocationPolicy, ['IfNeeded', 'Never']),
    ...matchConditions(hook.matchConditions, `${field}.matchConditions`),
  ];
}

function hookName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = invalidAll(field, name, dnsSubdomain(name));
  if (errors.length > 0 || name.split('.').length > 2) return errors;
  return [invalid(field, name, 'should be a domain with at least three segments separated by dots')];
}

function versions(list: string[], field: string): FieldError[] {
  if (list.length === 0) return [required(field, `must specify one of ${reviewVersions.join(', ')}`)];
  const errors = each(list, field, (version, at) => invalidAll(at, version, dns1035Label(version)));
  errors.push(
    ...duplicates(
      list,
      (version) => version,
      (index, version) => invalid(`${field}[${index}]`, version, 'duplicate version'),
    ),
  );
  if (list.some((version) => reviewVersions.includes(version))) return errors;
  return [...errors, invalid(field, list, `must include at least one of ${reviewVersions.join(', ')}`)];
}

function client({ url, service }: WebhookClientConfig, field: string): FieldError[] {
  if ((url === undefined) === (service === undefined)) return [required(field, 'exactly one of url or service is required')];
  if (url !== undefined) return webhookUrl(url, `${field}.url`);
  const { name, namespace, path, port } = service ?? {};
  const at = `${field}.service`;
  return [
    ...(name ? [] : [required(`${at}.name`, 'service name is required')]),
    ...(namespace ? [] : [required(`${at}.namespace`, 'service namespace is required')]),
    ...(path !== undefined && !path.startsWith('/') ? [invalid(`${at}.path`, path, 'must be an absolute URL path')] : []),
    ...(port === undefined ? [] : portNumber(port).map((reason) => invalid(`${at}.port`, port, `port is not valid: ${reason}`))),
  ];
}

function webhookUrl(url: string, field: string): FieldError[] {
  // What names neither scheme nor host is a path, which is a URL as well.
  const [, scheme = '', authority = '', , query, fragment] =
    /^(?:([A-Za-z][-+.A-Za-z0-9]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https') errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme; ${urlForm}`));
  if (!authority) errors.push(invalid(field, authority, `host must be specified; ${urlForm}`));
  if (authority.includes('@')) errors.push(invalid(field, authority, 'user information is not permitted in the URL'));
  if (fragment) errors.push(invalid(field, fragment.slice(1), 'fragments are not permitted in the URL'));
  if (query) errors.push(invalid(field, query.slice(1), 'query parameters are not permitted in the URL'));
  return errors;
}
