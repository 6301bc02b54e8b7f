// What a definition's status says of it: whether its names are free, and whether it is served. Conditions, reasons and messages are
// those of Kubernetes' naming and establishing controllers.
import { type CustomResourceDefinition, type DefinitionCondition, type DefinitionStatus, withConditions } from '@berth/api';
import type { NamesInUse } from './names-in-use.ts';

type Names = CustomResourceDefinition['spec']['names'];

/** @param inUse names that definitions and kinds of Berth itself hold. @param now RFC 3339 */
export function definitionStatus(definition: CustomResourceDefinition, inUse: NamesInUse, now: string): DefinitionStatus {
  const { spec, status, metadata } = definition;
  const conflict = conflictOf(spec.names, (room, name) => inUse.isTaken(room, spec.group, name, metadata.name));
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
export function accepted({ status }: CustomResourceDefinition): Names | undefined {
  return status?.acceptedNames?.plural ? status.acceptedNames : undefined;
}

type IsTaken = (room: 'resources' | 'kinds', name: string) => boolean;

/** Resources share one room of names, kinds another. */
function conflictOf(names: Names, isTaken: IsTaken): { reason: string; message: string } | undefined {
  const isResource = (name: string) => isTaken('resources', name);
  const isKind = (name: string) => isTaken('kinds', name);
  const conflicts = [
    ...conflictsIn(isResource, [names.plural], 'PluralConflict'),
    ...conflictsIn(isResource, [names.singular], 'SingularConflict'),
    ...conflictsIn(isResource, names.shortNames ?? [], 'ShortNamesConflict'),
    ...conflictsIn(isKind, [names.kind], 'KindConflict'),
    ...conflictsIn(isKind, [names.listKind], 'ListKindConflict'),
  ];
  const last = conflicts.at(-1);
  return last && { reason: last.reason, message: conflicts.map(({ message }) => message).join(', ') };
}

function conflictsIn(
  isTaken: (name: string) => boolean,
  names: (string | undefined)[],
  reason: string,
): { reason: string; message: string }[] {
  return names.filter((name) => name && isTaken(name)).map((name) => ({ reason, message: `${JSON.stringify(name)} is already in use` }));
}
