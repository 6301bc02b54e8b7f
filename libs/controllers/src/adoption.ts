// Owners that take in what their selectors match and nobody else controls: whom a dependent wakes, and what an owner may claim.
import { type Caches, type ControllerWatch, erased, watches } from '@berth/controller';
import { type KindDefinition, type KubeObject, keyOf, type LabelSelectorObject, labelSelectorFrom } from '@berth/machinery';
import { controllerIndex, controllerIndexValues, controllerKey, controllerOf, orphansOf } from './ownership.ts';

const namespaceIndex = 'namespace';

export interface Adoption<Owner, Dependent> {
  /** On the dependents: wakes the owner of one, or all that may take it in. */
  watch: ControllerWatch;
  prepare(caches: Caches): void;
  /** What an owner has, and what in its namespace belongs to nobody. */
  candidates(owner: Owner, caches: Caches): Dependent[];
}

export function adoption<Owner extends KubeObject, Dependent extends KubeObject>(
  ownerKind: KindDefinition<Owner>,
  dependentKind: KindDefinition<Dependent>,
  selectorOf: (owner: Owner) => LabelSelectorObject | undefined,
): Adoption<Owner, Dependent> {
  return {
    watch: watches(dependentKind, (object, caches) => {
      if (controllerOf(object)) return controllerKey(object, erased(ownerKind));
      if (object.metadata.deletionTimestamp) return [];
      const owners = caches.of(ownerKind).byIndex(namespaceIndex, object.metadata.namespace ?? '');
      return owners.filter((owner) => labelSelectorFrom(selectorOf(owner)).matches(object.metadata.labels)).map(keyOf);
    }),
    prepare(caches) {
      caches.of(dependentKind).addIndex(controllerIndex, controllerIndexValues);
      caches.of(ownerKind).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
    },
    candidates({ metadata: { uid = '', namespace = '' } }, caches) {
      const dependents = caches.of(dependentKind);
      return [...dependents.byIndex(controllerIndex, uid), ...dependents.byIndex(controllerIndex, orphansOf(namespace))];
    },
  };
}
