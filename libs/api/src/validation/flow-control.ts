// Flow schemas: which requests they match, completely said. What each rule leaves out would match nothing.
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../generated/flowcontrol-v1.types.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, notSupported, required } from './errors.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';

const precedenceMax = 10_000;
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

export function validateFlowSchemaSpec({ metadata, spec }: FlowSchema): FieldError[] {
  const precedence = spec?.matchingPrecedence ?? 0;
  const at = 'spec.matchingPrecedence';
  const errors: FieldError[] = [];
  if (precedence <= 0) errors.push(invalid(at, precedence, 'must be a positive value'));
  if (precedence > precedenceMax) errors.push(invalid(at, precedence, `must not be greater than ${precedenceMax}`));
  if (precedence === 1 && metadata.name !== 'exempt')
    errors.push(invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  const method = spec?.distinguisherMethod?.type;
  if (spec?.distinguisherMethod && method !== 'ByNamespace' && method !== 'ByUser')
    errors.push(notSupported('spec.distinguisherMethod', spec.distinguisherMethod, ['ByNamespace', 'ByUser']));
  const level = spec?.priorityLevelConfiguration?.name;
  const field = 'spec.priorityLevelConfiguration.name';
  errors.push(...(level ? invalidAll(field, level, dnsSubdomain(level)) : [required(field, 'must reference a priority level')]));
  return [...errors, ...each(spec?.rules, 'spec.rules', rule)];
}

function rule({ subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects, field: string): FieldError[] {
  const errors = subjects?.length ? [] : [required(`${field}.subjects`, 'subjects must contain at least one value')];
  errors.push(...each(subjects, `${field}.subjects`, subject));
  if (resourceRules.length + nonResourceRules.length === 0)
    errors.push(required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  return [
    ...errors,
    ...each(resourceRules, `${field}.resourceRules`, resourceRule),
    ...each(nonResourceRules, `${field}.nonResourceRules`, nonResourceRule),
  ];
}

function subject(given: Subject, field: string): FieldError[] {
  const members = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;
  const errors = Object.entries(members).flatMap(([kind, member]) => {
    const at = `${field}.${member}`;
    if (given.kind === kind && !given[member]) return [required(at, `${member} is required when subject kind is '${kind}'`)];
    if (given.kind !== kind && given[member]) return [forbidden(at, `${member} is forbidden when subject kind is not '${kind}'`)];
    return [];
  });
  if (!Object.hasOwn(members, given.kind ?? ''))
    return [...errors, notSupported(`${field}.kind`, given.kind ?? '', ['Group', 'ServiceAccount', 'User'])];
  if (errors.length > 0) return errors;
  if (given.user && !given.user.name) errors.push(required(`${field}.user.name`));
  if (given.group && !given.group.name) errors.push(required(`${field}.group.name`));
  const { name, namespace } = given.serviceAccount ?? {};
  const at = `${field}.serviceAccount`;
  if (given.serviceAccount && !name) errors.push(required(`${at}.name`));
  if (name && name !== '*') errors.push(...invalidAll(`${at}.name`, name, dnsSubdomain(name)));
  if (given.serviceAccount && !namespace) errors.push(required(`${at}.namespace`, 'must specify namespace for service account'));
  else if (namespace) errors.push(...invalidAll(`${at}.namespace`, namespace, dnsLabel(namespace)));
  return errors;
}

function list(values: string[] | undefined, field: string, missing: string, plural: string): FieldError[] {
  if (!values?.length) return [required(field, missing)];
  if (values.length === 1 || !values.includes('*')) return [];
  return [invalid(field, values, `if '*' is present, must not specify other ${plural}`)];
}

function verbList(given: string[] | undefined, known: string[], field: string): FieldError[] {
  const errors = list(given, field, 'verbs must contain at least one value', 'verbs');
  const isKnown = (given ?? []).every((verb) => verb === '*' || known.includes(verb));
  return isKnown ? errors : [...errors, notSupported(field, given, known)];
}

function resourceRule(given: ResourcePolicyRule, field: string): FieldError[] {
  const { namespaces = [], clusterScope } = given;
  const at = `${field}.namespaces`;
  const errors = [
    ...verbList(given.verbs, verbs, `${field}.verbs`),
    ...list(given.apiGroups, `${field}.apiGroups`, 'resource rules must supply at least one api group', 'api groups'),
    ...list(given.resources, `${field}.resources`, 'resource rules must supply at least one resource', 'resources'),
  ];
  if (namespaces.length === 0 && !clusterScope)
    errors.push(required(at, 'resource rules that are not cluster scoped must supply at least one namespace'));
  if (namespaces.includes('*') && namespaces.length > 1)
    errors.push(invalid(at, namespaces, "if '*' is present, must not specify other namespaces"));
  const named = each(namespaces, at, (namespace, path) => (namespace === '*' ? [] : invalidAll(path, namespace, dnsLabel(namespace))));
  return [...errors, ...named];
}

function nonResourceRule({ verbs: given, nonResourceURLs: urls }: NonResourcePolicyRule, field: string): FieldError[] {
  const at = `${field}.nonResourceURLs`;
  return [
    ...verbList(given, verbs, `${field}.verbs`),
    ...list(urls, at, 'nonResourceURLs must contain at least one value', 'non-resource URLs'),
    ...each(urls, at, nonResourceUrl),
  ];
}

function nonResourceUrl(url: string, field: string): FieldError[] {
  if (url === '*') return [];
  if (!url) return [invalid(field, url, 'must not be empty')];
  if (url === '/') return [];
  const errors = url.startsWith('/') ? [] : [invalid(field, url, 'must start with slash')];
  if (url.includes(' ')) errors.push(invalid(field, url, 'must not contain white-space'));
  if (url.includes('//')) errors.push(invalid(field, url, 'must not contain double slash'));
  const star = url.indexOf('*');
  if (star >= 0 && (star !== url.length - 1 || !url.endsWith('/*')))
    errors.push(invalid(field, url, 'wildcard can only do suffix matching'));
  return errors;
}
