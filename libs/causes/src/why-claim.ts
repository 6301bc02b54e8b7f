// Why a claim has no volume: its class, whom it waits for, or what is wrong with each volume that there is.
import { type PersistentVolume, type PersistentVolumeClaim, type StorageClass, storageClassNameOf, volumeClaimNames } from '@berth/api';
import { labelSelectorFrom, parseQuantity } from '@berth/machinery';
import { fillingProblem } from './filling-volumes.ts';
import { stepsOf } from './problem-steps.ts';
import { newestWarning } from './warnings.ts';
import { type Known, kubectl, objectName, type Step, unwell, type Why, well } from './why.ts';

const noProvisioner = 'kubernetes.io/no-provisioner';
const volumesShownMax = 5;

/** @param isOfPod asked for a pod that waits: that the claim waits for that pod is then nothing wrong */
export function whyClaim(claim: PersistentVolumeClaim, known: Known, isOfPod = false): Why {
  const object = objectName('pvc', claim);
  const { phase } = claim.status ?? {};
  const { volumeName } = claim.spec;
  if (phase === 'Bound') return whyBound(claim, known);
  if (phase === 'Lost') {
    const says = `its volume ${volumeName} is gone, and the data with it`;
    return unwell(object, { reason: 'Lost', says }, [{ text: 'restore the volume, or delete the claim and make it again' }]);
  }
  const className = storageClassNameOf(claim);
  const storageClass = known.classes.find(({ metadata }) => metadata.name === className);
  const isClassKnown = !known.unread.has('storageclasses');
  const missing = storageClass || !isClassKnown ? undefined : whyWithoutClass(object, className, known);
  if (missing && (className || known.volumes.every((volume) => mismatch(volume, claim) !== undefined))) return missing;
  if (storageClass?.volumeBindingMode === 'WaitForFirstConsumer') {
    const waits = whyWaiting(claim, storageClass, known, isOfPod);
    if (waits) return waits;
  }
  const failure = newestWarning(known.events, claim, /Failed|Error/);
  if (failure) {
    const says = failure.message ?? 'its volume could not be made';
    const command = kubectl(claim.metadata.namespace, 'describe', 'pvc', claim.metadata.name);
    return unwell(object, { reason: failure.reason ?? 'Failed', says }, [{ text: 'mend what its provisioner says', command }]);
  }
  if (storageClass && storageClass.provisioner !== noProvisioner) {
    const says = `it waits for provisioner ${storageClass.provisioner} of class ${className}`;
    const command = kubectl(claim.metadata.namespace, 'describe', 'pvc', claim.metadata.name);
    return unwell(object, { reason: 'Provisioning', says }, [{ text: 'look whether that provisioner runs, and what it says', command }]);
  }
  if (isClassKnown && !known.unread.has('persistentvolumes')) return whyNoVolume(claim, known);
  const says = `it has no volume yet; why is not known, as you may not read ${[...known.unread].join(', ')}`;
  return unwell(object, { reason: 'Pending', says }, [{ text: 'ask somebody who may' }]);
}

function whyBound(claim: PersistentVolumeClaim, known: Known): Why {
  const object = objectName('pvc', claim);
  const filling = fillingProblem(claim, known.volumesFree);
  if (!filling) return well(object, `it is bound to volume ${claim.spec.volumeName}`);
  return unwell(object, { reason: filling.reason, says: filling.message }, stepsOf(filling, known));
}

function whyWithoutClass(object: string, className: string | undefined, { classes }: Known): Why | undefined {
  const names = classes.map(({ metadata }) => metadata.name);
  const choice = names.length > 0 ? `one of ${names.join(', ')}` : 'a class that somebody provisions: there is none at all';
  if (!className) {
    const says = 'it names no storage class, there is no default one, and no volume without a class fits';
    return unwell(object, { reason: 'NoClass', says }, [
      { text: `set spec.storageClassName to ${choice}`, command: 'kubectl get storageclass' },
    ]);
  }
  const says = `its storage class ${className} is not there`;
  const step: Step = {
    text: `make that class, or the claim again with spec.storageClassName ${choice}`,
    command: 'kubectl get storageclass',
  };
  return unwell(object, { reason: 'ClassMissing', says }, [step]);
}

/** Undefined when the pod that it waited for has its node. */
function whyWaiting(claim: PersistentVolumeClaim, { metadata }: StorageClass, known: Known, isOfPod: boolean): Why | undefined {
  const object = objectName('pvc', claim);
  if (claim.metadata.annotations?.['volume.kubernetes.io/selected-node']) return undefined;
  const pods = known.pods.filter((pod) => volumeClaimNames(pod).includes(claim.metadata.name));
  if (isOfPod) return well(object, 'it waits for the node of its pod');
  if (pods.length === 0)
    return well(object, `class ${metadata.name} makes volumes for the first pod that mounts them, and no pod mounts this claim yet`);
  const names = pods.map((pod) => pod.metadata.name);
  const says = `it waits for pod ${names[0]} to get a node`;
  const command = `berth why ${names[0]} -n ${claim.metadata.namespace}`;
  return unwell(object, { reason: 'WaitForFirstConsumer', says }, [{ text: 'ask why that pod has none', command }]);
}

function whyNoVolume(claim: PersistentVolumeClaim, { volumes }: Known): Why {
  const object = objectName('pvc', claim);
  const reasons = volumes.map((volume) => ({ volume, reason: mismatch(volume, claim) }));
  const open = reasons.find(({ reason }) => reason === undefined);
  if (open) {
    const says = `volume ${open.volume.metadata.name} fits: it is about to be bound`;
    return unwell(object, { reason: 'Binding', says }, [
      { text: 'wait a moment', command: kubectl(claim.metadata.namespace, 'get', 'pvc', claim.metadata.name, '-w') },
    ]);
  }
  const shown = reasons
    .slice(0, volumesShownMax)
    .map(({ volume, reason }) => ({ object: `pv/${volume.metadata.name}`, reason: 'Unfit', says: reason ?? '' }));
  const says =
    volumes.length === 0 ? 'there is no volume, and nobody makes one for its class' : `none of ${volumes.length} volumes fits it`;
  const text = 'make a PersistentVolume that fits, or the claim again with a class that somebody provisions';
  const step = { text, command: 'kubectl get pv,storageclass' };
  return { object, isWell: false, summary: says, causes: [{ object, reason: 'NoVolume', says }, ...shown], steps: [step] };
}

/** Why a claim cannot have a volume. */
function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  const { spec, status, metadata } = volume;
  const wanted = storageClassNameOf(claim) ?? '';
  const has = storageClassNameOf(volume) ?? '';
  const { claimRef } = spec;
  const isOthers = claimRef && (claimRef.namespace !== claim.metadata.namespace || claimRef.name !== claim.metadata.name);
  if (isOthers) return `it is kept for claim ${claimRef.namespace}/${claimRef.name}`;
  if (metadata.deletionTimestamp) return 'it is being deleted';
  if (status?.phase === 'Released' || status?.phase === 'Failed') return `it is ${status.phase}: what was on it has not been given away`;
  if (has !== wanted) return `its class is ${has || 'none'}, not ${wanted || 'none'}`;
  if ((spec.volumeMode ?? 'Filesystem') !== (claim.spec.volumeMode ?? 'Filesystem'))
    return `its volumeMode is ${spec.volumeMode ?? 'Filesystem'}`;
  const lacking = (claim.spec.accessModes ?? []).filter((mode) => !spec.accessModes?.includes(mode));
  if (lacking.length > 0) return `it cannot be mounted ${lacking.join(', ')}`;
  if (claim.spec.selector && !labelSelectorFrom(claim.spec.selector).matches(metadata.labels))
    return 'its labels are not those that spec.selector asks for';
  const asked = claim.spec.resources?.requests?.storage ?? '0';
  const size = spec.capacity?.storage ?? '0';
  return parseQuantity(size).compare(parseQuantity(asked)) < 0 ? `it has ${size}, and ${asked} are asked for` : undefined;
}
