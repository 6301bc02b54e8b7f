// What a definition's status says of it: whether its names are free, and whether it is served. Conditions, reasons and messages are
// those of Kubernetes' naming and establishing controllers.
import { type CustomResourceDefinition, type DefinitionCondition, type DefinitionStatus, withConditions } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';

type Names = CustomResourceDefinition['spec']['names'];

/** @param others all definitions but this one. @param builtIn kinds of Berth itself. @param now RFC 3339 */
export function definitionStatus(
  definition: CustomResourceDefinition,
  others: CustomResourceDefinition[],
  builtIn: readonly KindDefinition[],
  now: string,
): DefinitionStatus {
  const { spec, status } = definition;
  const own = builtIn.filter(({ group }) => group === spec.group);
  const taken = [...own, ...others.filter((other) => other.spec.group === spec.group).flatMap((other) => accepted(other) ?? [])];
  const conflict = conflictOf(spec.names, taken);
  const isEstablished = !conflict || conditionOf(definition, 'Established')?.status === 'True';
  const acceptedNames = conflict ? (accepted(definition) ?? { plural: '', kind: '' }) : spec.names;
  const named: DefinitionCondition = conflict
    ? { type: 'NamesAccepted', status: 'False', ...conflict }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  const established: DefinitionCondition = isEstablished
    ? { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
    : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  return { ...status, acceptedNames, conditions: withConditions(definition, [named, established], now) } as DefinitionStatus;
}

export function conditionOf({ status }: CustomResourceDefinition, type: string): DefinitionCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Names that a definition holds, whatever it asks for now. */
function accepted({ status }: CustomResourceDefinition): Names | undefined {
  return status?.acceptedNames?.plural ? status.acceptedNames : undefined;
}

/** Resources share one room of names, kinds another. */
function conflictOf(names: Names, taken: Names[]): { reason: string; message: string } | undefined {
  const resources = new Set(taken.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]));
  const kinds = new Set(taken.flatMap(({ kind, listKind }) => [kind, listKind]));
  const conflicts = [
    ...inUse(resources, [names.plural], 'PluralConflict'),
    ...inUse(resources, [names.singular], 'SingularConflict'),
    ...inUse(resources, names.shortNames ?? [], 'ShortNamesConflict'),
    ...inUse(kinds, [names.kind], 'KindConflict'),
    ...inUse(kinds, [names.listKind], 'ListKindConflict'),
  ];
  const last = conflicts.at(-1);
  return last && { reason: last.reason, message: conflicts.map(({ message }) => message).join(', ') };
}

function inUse(taken: Set<string | undefined>, names: (string | undefined)[], reason: string): { reason: string; message: string }[] {
  return names.filter((name) => name && taken.has(name)).map((name) => ({ reason, message: `${JSON.stringify(name)} is already in use` }));
}
