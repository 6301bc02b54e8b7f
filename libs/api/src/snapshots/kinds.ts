// The kinds of snapshots as clients name them, for who asks a cluster without having read its definitions.
import type { KindDefinition } from '@berth/machinery';
import { establishedKinds } from '../custom/custom-kind.ts';
import { snapshotDefinitions } from './definitions.ts';

/** @throws RangeError for a kind that is none of these */
export function snapshotKindNamed(kind: 'VolumeSnapshot' | 'VolumeSnapshotContent' | 'VolumeSnapshotClass'): KindDefinition {
  const definition = snapshotDefinitions().find(({ spec }) => spec.names.kind === kind);
  const status = { conditions: [{ type: 'Established', status: 'True' }], acceptedNames: definition?.spec.names, storedVersions: ['v1'] };
  const stored = definition && establishedKinds({ ...definition, status } as typeof definition)?.stored;
  if (!stored) throw new RangeError(`${kind} is no kind of snapshots`);
  return stored;
}
