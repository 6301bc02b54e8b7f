// `kubectl get flowschemas` and `prioritylevelconfigurations`.
import type { Column } from '@berth/machinery';
import type { FlowSchema, PriorityLevelConfiguration } from '../generated/flowcontrol-v1.types.ts';
import { ageColumn, nameColumn, none, text } from './column.ts';

export const flowSchemaColumns: Column<FlowSchema>[] = [
  nameColumn(),
  text('PriorityLevel', 'Level of its requests', ({ spec }) => spec?.priorityLevelConfiguration?.name || none),
  text('MatchingPrecedence', 'Lower ones are tried first', ({ spec }) => String(spec?.matchingPrecedence ?? 0)),
  text('DistinguisherMethod', 'What tells its flows apart', ({ spec }) => spec?.distinguisherMethod?.type || none),
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
  text('NominalConcurrencyShares', 'Its share of what the server does at once', ({ spec }) =>
    shown((spec?.limited ?? spec?.exempt)?.nominalConcurrencyShares),
  ),
  text('Queues', 'How many queues it has', ({ spec }) => shown(spec?.limited?.limitResponse?.queuing?.queues)),
  text('HandSize', 'Queues that one flow may use', ({ spec }) => shown(spec?.limited?.limitResponse?.queuing?.handSize)),
  text('QueueLengthLimit', 'Requests that may wait in a queue', ({ spec }) =>
    shown(spec?.limited?.limitResponse?.queuing?.queueLengthLimit),
  ),
  ageColumn(),
];

function shown(number: number | undefined): string {
  return number === undefined ? none : String(number);
}
