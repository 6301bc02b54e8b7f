// `kubectl get flowschemas` and `prioritylevelconfigurations`.
import type { Column } from '@berth/machinery';
import type { FlowSchema, PriorityLevelConfiguration } from '../generated/flowcontrol-v1.types.ts';
import { ageColumn, count, nameColumn, none, shownAsText, text } from './column.ts';

export const flowSchemaColumns: Column<FlowSchema>[] = [
  nameColumn(),
  text('PriorityLevel', 'Level of its requests', ({ spec }) => spec?.priorityLevelConfiguration?.name),
  shownAsText(count('MatchingPrecedence', 'Lower ones are tried first', ({ spec }) => spec?.matchingPrecedence)),
  text('DistinguisherMethod', 'What tells its flows apart', ({ spec }) => spec?.distinguisherMethod?.type ?? none),
  ageColumn(),
  text(
    'MissingPL',
    'Whether its priority level is missing',
    ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  ),
];

export const priorityLevelColumns: Column<PriorityLevelConfiguration>[] = [
  nameColumn(),
  text('Type', 'Exempt or Limited', ({ spec }) => spec?.type),
  limit('NominalConcurrencyShares', 'Its share of what the server does at once', ({ spec }) => spec?.limited?.nominalConcurrencyShares),
  limit('Queues', 'How many queues it has', ({ spec }) => spec?.limited?.limitResponse?.queuing?.queues),
  limit('HandSize', 'Queues that one flow may use', ({ spec }) => spec?.limited?.limitResponse?.queuing?.handSize),
  limit('QueueLengthLimit', 'Requests that may wait in a queue', ({ spec }) => spec?.limited?.limitResponse?.queuing?.queueLengthLimit),
  ageColumn(),
];

/** A number where there is one. */
function limit(
  name: string,
  description: string,
  value: (level: PriorityLevelConfiguration) => number | undefined,
): Column<PriorityLevelConfiguration> {
  return { name, type: 'string', description, value: (level) => value(level) ?? none };
}
