// Who changed what, the newest first: a sentence, the fields from what to what, and for what was deleted a way back.
import type { Change } from '@berth/api';
import { findKind, type ServedKind } from '../../model/discovery.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { DiffTable } from '../../parts/diff-table.tsx';
import { Age, ObjectLink, State, type Tone } from '../../parts/small.tsx';
import { BringBack } from './bring-back.tsx';

const tones: Record<string, Tone> = {
  Created: 'good',
  RolledOut: 'good',
  Deleted: 'bad',
  Deleting: 'bad',
  Evicted: 'bad',
  RolloutStuck: 'bad',
  ContainerRestarted: 'warn',
  ContainerWaits: 'warn',
};

interface Props {
  changes: Change[];
  kinds: ServedKind[];
  empty: string;
}

export function ChangeTable({ changes, kinds, empty }: Props) {
  const columns: Column<Change>[] = [
    { title: 'When', className: 'w-short', cell: ({ time }) => (time ? <Age of={time} /> : 'unknown') },
    { title: 'Object', className: 'w-name', cell: ({ object }) => <ChangedObject object={object} /> },
    { title: 'Change', className: 'text', cell: (change) => <What change={change} kinds={kinds} /> },
    { title: 'By', className: 'w-name wide', cell: whoText },
  ];
  return <DataTable label="Changes" columns={columns} rows={changes} rowKey={keyOf} empty={empty} wrap />;
}

function keyOf({ metadata }: Change): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function ChangedObject({ object: { kind, namespace, name, apiVersion } }: { object: Change['object'] }) {
  return (
    <>
      {kind.toLowerCase()}/
      <ObjectLink kind={kind} namespace={namespace} name={name} apiVersion={apiVersion}>
        {name}
      </ObjectLink>
      {namespace && <span className="quiet"> {namespace}</span>}
    </>
  );
}

function whoText({ user, client }: Change): string {
  if (user === undefined) return 'nobody that is known';
  const name = user.replace(/^system:(?:serviceaccount:kube-system:)?/, '');
  return client && client !== name ? `${name} (${client})` : name;
}

function What({ change, kinds }: { change: Change; kinds: ServedKind[] }) {
  const { action, type, message, fields = [], fieldsLeftOut = 0, object, time, metadata } = change;
  const wanted = fields.filter(({ path }) => !path.startsWith('status'));
  const slash = object.apiVersion.indexOf('/');
  const kind = findKind(kinds, slash < 0 ? '' : object.apiVersion.slice(0, slash), object.kind);
  const before = { atMs: Date.parse(time) - 1, revision: String(Number(metadata.resourceVersion) - 1) };
  return (
    <>
      <State tone={tones[action] ?? 'quiet'}>{message || type.toLowerCase()}</State>{' '}
      {type === 'Deleted' && kind && time && <BringBack type={kind} namespace={object.namespace} name={object.name} {...before} />}
      {wanted.length > 0 && action !== 'Deleting' && (
        <details>
          <summary>
            {wanted.length + fieldsLeftOut} {wanted.length + fieldsLeftOut === 1 ? 'field' : 'fields'}
          </summary>
          <DiffTable changes={wanted} />
        </details>
      )}
    </>
  );
}
