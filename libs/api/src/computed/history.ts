// What changed, and when: history.berth.io/v1alpha1. Changes are computed from the revisions that the store keeps, moments say which revision
// was the newest at a time; what was at a revision is read as Kubernetes reads it, by a list of exactly that resource version.
import { type Column, defineKind, type FieldDeclaration, type KubeObject } from '@berth/machinery';
import { ageColumn, nameColumn, text, wide } from '../columns/column.ts';
import { schemas } from '../schemas.ts';

export interface ChangeField {
  path: string;
  /** JSON; cut where it is long, and absent where the field was not there or is not shown. */
  before?: string;
  after?: string;
}

/** Named after the revision and its object. Those of objects without a namespace are in `default`, as their events are. */
export interface Change extends KubeObject {
  time: string;
  /** Created, Updated, Deleted. */
  type: string;
  /** What of the kind's: Scaled, Evicted, Condition, RolledOut and so on. */
  action: string;
  object: { apiVersion: string; kind: string; resource: string; namespace?: string; name: string; uid?: string };
  /** Absent where nobody is known: of a lease that ended, and of what a build before wrote. */
  user?: string;
  /** Such as `patch/status`. */
  verb?: string;
  /** The program, such as kubectl. */
  client?: string;
  message: string;
  fields?: ChangeField[];
  fieldsLeftOut?: number;
  /** What is written all the time and says little. */
  routine?: boolean;
}

/** Named after its time, or `oldest` or `newest`. */
export interface Moment extends KubeObject {
  time: string;
  /** Of a list with `resourceVersionMatch=Exact`. */
  revision: string;
}

const typed: FieldDeclaration = { name: '', type: 'meta.v1.TypeMeta', inline: true };
const fields = (...declared: [name: string, type: string, isKept?: true][]): FieldDeclaration[] =>
  declared.map(([name, type, isKept], index) => ({ name, type, number: index + 1, ...(!isKept && { omitempty: true as const }) }));
const listOf = (type: string): FieldDeclaration[] => [
  typed,
  { name: 'metadata', type: 'meta.v1.ListMeta', number: 1 },
  { name: 'items', type: `[]${type}`, number: 2 },
];
schemas.add('history.v1alpha1', {
  Change: {
    fields: [
      typed,
      ...fields(
        ['metadata', 'meta.v1.ObjectMeta', true],
        ['time', 'string', true],
        ['type', 'string', true],
        ['action', 'string', true],
        ['object', 'history.v1alpha1.ObjectOfChange', true],
        ['user', 'string'],
        ['verb', 'string'],
        ['client', 'string'],
        ['message', 'string', true],
        ['fields', '[]history.v1alpha1.FieldOfChange'],
        ['fieldsLeftOut', 'int32'],
        ['routine', 'bool'],
      ),
    ],
  },
  ChangeList: { fields: listOf('history.v1alpha1.Change') },
  ObjectOfChange: {
    fields: fields(
      ['apiVersion', 'string', true],
      ['kind', 'string', true],
      ['resource', 'string', true],
      ['namespace', 'string'],
      ['name', 'string', true],
      ['uid', 'string'],
    ),
  },
  FieldOfChange: { fields: fields(['path', 'string', true], ['before', 'string'], ['after', 'string']) },
  Moment: {
    fields: [typed, ...fields(['metadata', 'meta.v1.ObjectMeta', true], ['time', 'string', true], ['revision', 'string', true])],
  },
  MomentList: { fields: listOf('history.v1alpha1.Moment') },
});

const group = 'history.berth.io';
const version = 'v1alpha1';

const changeColumns: Column<Change>[] = [
  nameColumn(),
  ageColumn(),
  text('Object', 'What was changed', ({ object }) => `${object.kind.toLowerCase()}/${object.name}`),
  text('User', 'Who changed it', ({ user }) => user ?? '<unknown>'),
  text('Change', 'What of it', ({ message }) => message),
  wide(text('Verb', 'How it was asked for', ({ verb }) => verb ?? '<unknown>')),
  wide(text('Client', 'The program that asked', ({ client }) => client || '<unknown>')),
];

export const Change = defineKind<Change>({
  ...{ group, version },
  kind: 'Change',
  plural: 'changes',
  scope: 'Namespaced',
  verbs: ['get', 'list'],
  schema: schemas.message('history.v1alpha1.Change'),
  columns: changeColumns,
  selectableFields: {
    type: (change) => change.type,
    action: (change) => change.action,
    user: ({ user = '' }) => user,
    'object.apiVersion': ({ object }) => object.apiVersion,
    'object.kind': ({ object }) => object.kind,
    'object.resource': ({ object }) => object.resource,
    'object.name': ({ object }) => object.name,
    'object.namespace': ({ object }) => object.namespace ?? '',
  },
});

export const Moment = defineKind<Moment>({
  ...{ group, version },
  kind: 'Moment',
  plural: 'moments',
  scope: 'Cluster',
  verbs: ['get', 'list'],
  schema: schemas.message('history.v1alpha1.Moment'),
  columns: [nameColumn(), text('Time', 'When', ({ time }) => time), text('Revision', 'The newest by then', ({ revision }) => revision)],
});
