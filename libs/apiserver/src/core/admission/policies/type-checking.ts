// What in a policy does not fit the kinds that it is about, found without evaluating anything. It warns alone: what a policy does is the
// same whether it was found or not.
import type { admissionregistrationV1, ValidatingAdmissionPolicy } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { AdmissionEnvironment, KindTypes, kindText } from '../expressions/index.ts';

type Warning = admissionregistrationV1.ExpressionWarning;

/** Of one rule. */
const kindsMax = 10;

export interface KindLookup {
  resource(group: string, version: string, plural: string): KindDefinition | undefined;
  kind(group: string, version: string, kind: string): KindDefinition | undefined;
}

export function typeWarnings({ spec }: ValidatingAdmissionPolicy, kinds: KindLookup): Warning[] {
  const { validations = [], variables = [] } = spec;
  const checked = kindsToCheck(spec, kinds).map((kind) => ({
    kind,
    environment: environmentFor(kind, paramKindOf(spec, kinds), variables),
  }));
  const warnings: Warning[] = [];
  const check = (fieldRef: string, expression: string | undefined) => {
    if (!expression) return;
    const problems = checked.flatMap(({ kind, environment }) => {
      const result = environment.check(expression);
      return 'problem' in result ? [`${kindText(kind)}: ${result.problem}\n`] : [];
    });
    if (problems.length > 0) warnings.push({ fieldRef, warning: problems.join('\n') });
  };
  for (const [i, { expression, messageExpression }] of validations.entries()) {
    check(`spec.validations[${i}].expression`, expression);
    check(`spec.validations[${i}].messageExpression`, messageExpression);
  }
  return warnings;
}

function environmentFor(
  kind: KindDefinition,
  params: KindDefinition | undefined,
  variables: readonly admissionregistrationV1.Variable[],
): AdmissionEnvironment {
  const known = new KindTypes();
  const names = { object: known.nameOf(kind.schema), params: params && known.nameOf(params.schema) };
  let environment = new AdmissionEnvironment({ hasParams: params !== undefined, hasAuthorizer: true }, { ...names, types: known.types });
  for (const { name, expression } of variables) {
    const result = environment.check(expression);
    environment = environment.withVariable(name, 'type' in result ? result.type : 'dyn');
  }
  return environment;
}

function paramKindOf({ paramKind }: ValidatingAdmissionPolicy['spec'], kinds: KindLookup): KindDefinition | undefined {
  const parts = paramKind?.apiVersion?.split('/') ?? [];
  const [group, version] = parts.length > 1 ? parts : ['', parts[0]];
  return kinds.kind(group ?? '', version ?? '', paramKind?.kind ?? '');
}

/** Those that rules name without wildcards, in the order of their names. */
function kindsToCheck({ matchConstraints }: ValidatingAdmissionPolicy['spec'], kinds: KindLookup): KindDefinition[] {
  const found = new Set<KindDefinition>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((part) => part.includes('*'))) continue;
    const named = resources.filter((resource) => !/[*/]/.test(resource)).sort();
    const all = [...apiGroups]
      .sort()
      .flatMap((group) => [...apiVersions].sort().flatMap((version) => named.map((plural) => kinds.resource(group, version, plural))));
    for (const kind of all.filter((known) => known !== undefined).slice(0, kindsMax)) found.add(kind);
  }
  const textOf = ({ group, version, kind }: KindDefinition) => `${group}/${version}/${kind}`;
  return [...found].sort((left, right) => (textOf(left) < textOf(right) ? -1 : 1));
}
