// Which requests are told to the audit log, and how much of them: audit.k8s.io/v1 Policy (kubernetes.io/docs, "Auditing").
// The first rule that matches a request decides; a request that no rule matches is not told.
import { isRecord } from '@berth/machinery';
import { parse } from 'yaml';
import type { User } from '../core/types.ts';

export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type Level = (typeof levels)[number];

export const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Stage = (typeof stages)[number];

/** What a rule looks at. `path` is that of requests that are about no resource. */
export interface AuditAttributes {
  verb: string;
  resource?: { group: string; resource: string; subresource?: string; namespace?: string; name?: string };
  path: string;
}

interface PolicyRule {
  level: Level;
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  resources?: { group?: string; resources?: string[]; resourceNames?: string[] }[];
  namespaces?: string[];
  nonResourceURLs?: string[];
  omitStages?: Stage[];
  omitManagedFields?: boolean;
}

export interface AuditDecision {
  level: Level;
  omitted: Set<Stage>;
  omitManagedFields: boolean;
}

const nothing: AuditDecision = { level: 'None', omitted: new Set(), omitManagedFields: false };

/** The policy cannot be used; the message names the file, the place in it and what should be there. */
export class AuditPolicyError extends Error {
  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
    this.name = 'AuditPolicyError';
  }
}

export class AuditPolicy {
  readonly #rules: { rule: PolicyRule; decision: AuditDecision }[];

  private constructor(rules: PolicyRule[], omitStages: Stage[], omitManagedFields: boolean) {
    this.#rules = rules.map((rule) => ({
      rule,
      decision: {
        level: rule.level,
        omitted: new Set([...omitStages, ...(rule.omitStages ?? [])]),
        omitManagedFields: rule.omitManagedFields ?? omitManagedFields,
      },
    }));
  }

  /** @throws AuditPolicyError */
  static parse(file: string, text: string): AuditPolicy {
    let document: unknown;
    try {
      document = parse(text);
    } catch (error) {
      throw new AuditPolicyError(file, `not YAML: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!isRecord(document) || document.kind !== 'Policy' || document.apiVersion !== 'audit.k8s.io/v1') {
      throw new AuditPolicyError(file, 'must be a Policy of audit.k8s.io/v1');
    }
    const { rules, omitStages, omitManagedFields } = document;
    if (!Array.isArray(rules) || rules.length === 0) throw new AuditPolicyError(file, 'rules must list at least one rule');
    checkStages(file, 'omitStages', omitStages);
    for (const [index, rule] of rules.entries()) checkRule(file, `rules[${index}]`, rule);
    return new AuditPolicy(rules as PolicyRule[], (omitStages as Stage[] | undefined) ?? [], omitManagedFields === true);
  }

  decide(user: User, attributes: AuditAttributes): AuditDecision {
    return this.#rules.find(({ rule }) => matches(rule, user, attributes))?.decision ?? nothing;
  }
}

function checkRule(file: string, place: string, rule: unknown): void {
  if (!isRecord(rule)) throw new AuditPolicyError(file, `${place} must be a rule with a level`);
  if (!levels.some((level) => level === rule.level)) {
    throw new AuditPolicyError(file, `${place}.level is ${JSON.stringify(rule.level)}: use one of ${levels.join(', ')}`);
  }
  for (const field of ['users', 'userGroups', 'verbs', 'namespaces', 'nonResourceURLs']) checkTexts(file, `${place}.${field}`, rule[field]);
  checkStages(file, `${place}.omitStages`, rule.omitStages);
  if (rule.resources === undefined) return;
  if (!Array.isArray(rule.resources)) throw new AuditPolicyError(file, `${place}.resources must be a list`);
  if (rule.nonResourceURLs !== undefined) {
    throw new AuditPolicyError(file, `${place} cannot be about resources and nonResourceURLs at the same time`);
  }
  for (const [index, item] of rule.resources.entries()) {
    const where = `${place}.resources[${index}]`;
    if (!isRecord(item)) throw new AuditPolicyError(file, `${where} must have a group, resources or both`);
    checkTexts(file, `${where}.resources`, item.resources);
    checkTexts(file, `${where}.resourceNames`, item.resourceNames);
  }
}

function checkTexts(file: string, place: string, value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.every((item) => typeof item === 'string'))) return;
  throw new AuditPolicyError(file, `${place} must be a list of strings`);
}

function checkStages(file: string, place: string, value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.every((item) => (stages as readonly unknown[]).includes(item)))) return;
  throw new AuditPolicyError(file, `${place} must list some of ${stages.join(', ')}`);
}

function matches(rule: PolicyRule, user: User, { verb, resource, path }: AuditAttributes): boolean {
  if (!allows(rule.users, user.name) || !allows(rule.verbs, verb)) return false;
  if (rule.userGroups?.length && !user.groups.some((group) => rule.userGroups?.includes(group))) return false;
  if (!resource) return !rule.resources && !rule.namespaces?.length && allowsPath(rule.nonResourceURLs, path);
  if (rule.nonResourceURLs) return false;
  if (!allows(rule.namespaces, resource.namespace ?? '')) return false;
  return !rule.resources?.length || rule.resources.some((item) => covers(item, resource));
}

/** An empty list is no restriction. */
function allows(list: string[] | undefined, value: string): boolean {
  return !list?.length || list.includes(value);
}

function allowsPath(patterns: string[] | undefined, path: string): boolean {
  if (!patterns?.length) return true;
  return patterns.some((pattern) => (pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path));
}

type Resource = NonNullable<AuditAttributes['resource']>;

/** `pods` is the resource alone, `pods/log` a subresource, with `*` on either side of the slash for all. */
function covers({ group = '', resources, resourceNames }: NonNullable<PolicyRule['resources']>[number], asked: Resource): boolean {
  if (group !== asked.group) return false;
  if (resourceNames?.length && !(asked.name !== undefined && resourceNames.includes(asked.name))) return false;
  if (!resources?.length) return true;
  const full = asked.subresource ? `${asked.resource}/${asked.subresource}` : asked.resource;
  return resources.some((pattern) => {
    if (pattern === '*' || pattern === full) return true;
    if (!asked.subresource) return false;
    return pattern === `*/${asked.subresource}` || pattern === `${asked.resource}/*`;
  });
}
