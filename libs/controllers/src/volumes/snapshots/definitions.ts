// Installs the definitions of snapshots, and a default class of Berth's driver, once a node is there whose volumes can have snapshots; what
// is there already, upstream's above all, is left as it is. A cluster of folders, or without nodes, has none of it.
import {
  CustomResourceDefinition,
  defaultSnapshotClassAnnotation,
  localProvisioner,
  Node,
  snapshotApiVersion,
  snapshotDefinitions,
  type VolumeSnapshotClass,
  volumeFileSystemsAnnotation,
} from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import type { KindDefinition } from '@berth/machinery';
import { classesIn, isSnapshotKind, snapshotKind } from './snapshot-caches.ts';

const key = 'definitions';
const defaultClassName = 'local';
const definitionNames = new Set(snapshotDefinitions().map(({ metadata }) => metadata.name));

export interface ObservedDefinitions {
  hasVolumes: boolean;
  /** Names of those that there are. */
  known: ReadonlySet<string>;
  classKind: KindDefinition | undefined;
  classes: VolumeSnapshotClass[];
}

export const snapshotDefinitionsController: Controller<ObservedDefinitions> = {
  name: 'snapshot-definitions',
  owns: ['CustomResourceDefinition[snapshot.storage.k8s.io]', 'VolumeSnapshotClass[local]'],
  writes: ['customresourcedefinitions.apiextensions.k8s.io', 'volumesnapshotclasses.snapshot.storage.k8s.io'],
  watches: [
    watches(Node, (node, _caches, old) => (makesVolumes(node) && !(old && makesVolumes(old)) ? [key] : [])),
    // One that was removed stays away until the next start or the next node.
    watches(CustomResourceDefinition, ({ metadata: { name } }, caches) =>
      definitionNames.has(name) && caches.of(CustomResourceDefinition).get(name) ? [key] : [],
    ),
  ],
  watchesCustom: (kind) => watches(kind, () => (isSnapshotKind(kind, 'VolumeSnapshotClass') ? [key] : [])),
  observe: (_key, caches) => ({
    hasVolumes: caches.of(Node).list().some(makesVolumes),
    known: new Set([...definitionNames].filter((name) => caches.of(CustomResourceDefinition).get(name))),
    classKind: snapshotKind(caches, 'VolumeSnapshotClass'),
    classes: classesIn(caches),
  }),
  plan: planDefinitions,
};

export function planDefinitions({ hasVolumes, known, classKind, classes }: ObservedDefinitions): Action[] {
  if (!hasVolumes) return [];
  const missing = snapshotDefinitions().filter(({ metadata }) => !known.has(metadata.name));
  const actions = missing.map((object): Action => ({ type: 'create', kind: erased(CustomResourceDefinition), object }));
  const hasClass = classes.some(({ driver }) => driver === localProvisioner);
  return classKind && !hasClass ? [...actions, { type: 'create', kind: classKind, object: defaultClass() }] : actions;
}

function defaultClass(): VolumeSnapshotClass {
  return {
    apiVersion: snapshotApiVersion,
    kind: 'VolumeSnapshotClass',
    metadata: { name: defaultClassName, annotations: { [defaultSnapshotClassAnnotation]: 'true' } },
    driver: localProvisioner,
    deletionPolicy: 'Delete',
  };
}

function makesVolumes({ metadata }: Node): boolean {
  return Boolean(metadata.annotations?.[volumeFileSystemsAnnotation]);
}
