// Flow schemas: which requests they match, completely said. What each rule leaves out would match nothing.
import { asGoStruct } from '@berth/machinery';
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../generated/flowcontrol-v1.types.ts';
import { schemas } from '../schemas.ts';
import { duplicate, duplicates, each, type FieldError, forbidden, invalid, invalidAll, notSupported, required } from './errors.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';

const methodMessage = schemas.message('flowcontrol.v1.FlowDistinguisherMethod');
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
    errors.push(
      notSupported('spec.distinguisherMethod.type', asGoStruct(methodMessage, spec.distinguisherMethod), ['ByNamespace', 'ByUser']),
    );
  const level = spec?.priorityLevelConfiguration?.name;
  const field = 'spec.priorityLevelConfiguration.name';
  errors.push(...(level ? invalidAll(field, level, dnsSubdomain(level)) : [required(field, 'must reference a priority level')]));
  return [...errors, ...each(spec?.rules, 'spec.rules', rule)];
}

/** Of flow schemas and priority levels. */
export function validateFlowConditions({ status }: { status?: { conditions?: { type?: string }[] } }): FieldError[] {
  const conditions = status?.conditions ?? [];
  return [
    ...duplicates(
      conditions,
      ({ type = '' }) => type,
      (index, { type }) => duplicate(`status.conditions[${index}].type`, type),
    ),
    ...each(conditions, 'status.conditions', ({ type }, field) => (type ? [] : [required(`${field}.type`)])),
  ];
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
  if (!Object.hasOwn(members, given.kind ?? ''))
    return [notSupported(`${field}.kind`, given.kind ?? '', ['Group', 'ServiceAccount', 'User'])];
  const errors = Object.entries(members).flatMap(([kind, member]) => {
    const at = `${field}.${member}`;
    if (given.kind === kind && !given[member]) return [required(at, `${member} is required when subject kind is '${kind}'`)];
    if (given.kind !== kind && given[member]) return [forbidden(at, `${member} is forbidden when subject kind is not '${kind}'`)];
    return [];
  });
  const { kind, user, group, serviceAccount } = given;
  if (kind === 'User' && user && !user.name) errors.push(required(`${field}.user.name`));
  if (kind === 'Group' && group && !group.name) errors.push(required(`${field}.group.name`));
  if (kind !== 'ServiceAccount' || !serviceAccount) return errors;
  const { name, namespace } = serviceAccount;
  const at = `${field}.serviceAccount`;
  if (!name) errors.push(required(`${at}.name`));
  else if (name !== '*') errors.push(...invalidAll(`${at}.name`, name, dnsSubdomain(name)));
  if (!namespace) errors.push(required(`${at}.namespace`, 'must specify namespace for service account'));
  else errors.push(...invalidAll(`${at}.namespace`, namespace, dnsLabel(namespace)));
  return errors;
}

function list(values: string[] | undefined, field: string, missing: string, plural: string): FieldError[] {
  if (!values?.length) return [required(field, missing)];
  if (values.length === 1 || !values.includes('*')) return [];
  return [invalid(field, values, `if '*' is present, must not specify other ${plural}`)];
}

function verbList(given: string[] | undefined, known: string[], field: string): FieldError[] {
  const errors = list(given, field, 'verbs must contain at least one value', 'verbs');
  // A wildcard is followed by nothing that is looked at.
  const isKnown = given?.includes('*') || (given ?? []).every((verb) => known.includes(verb));
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
  if (namespaces.includes('*')) return errors;
  const rule = "each member of this list must be '*' or a DNS-1123 label; ";
  const named = each(namespaces, at, (namespace, path) => {
    const problems = dnsLabel(namespace).map((problem) => rule + problem);
    return invalidAll(path, namespace, problems);
  });
  return [...errors, ...named];
}

function nonResourceRule({ verbs: given, nonResourceURLs: urls }: NonResourcePolicyRule, field: string): FieldError[] {
  const at = `${field}.nonResourceURLs`;
  return [
    ...verbList(given, verbs, `${field}.verbs`),
    ...list(urls, at, 'nonResourceURLs must contain at least one value', 'non-resource URLs'),
    ...(urls?.includes('*') ? [] : each(urls, at, nonResourceUrl)),
  ];
}

function nonResourceUrl(url: string, field: string): FieldError[] {
  if (!url) return [invalid(field, url, 'must not be empty')];
  if (url === '/') return [];
  if (!url.startsWith('/')) return [invalid(field, url, 'must start with slash')];
  if (url.includes(' ')) return [invalid(field, url, 'must not contain white-space')];
  if (url.includes('//')) return [invalid(field, url, 'must not contain double slash')];
  const star = url.indexOf('*');
  const isSuffix = star === url.length - 1 && url.endsWith('/*');
  return star < 0 || isSuffix ? [] : [invalid(field, url, 'wildcard can only do suffix matching')];
}
