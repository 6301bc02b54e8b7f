// The options of a request as webhooks and policies see them, made only when one looks.
import type { DeleteSettings, WriteSettings } from '../types.ts';

const apiVersion = 'meta.k8s.io/v1';

/** @param creates whether the object is new, whichever verb made it */
export function writeOptions(creates: boolean, settings: WriteSettings): object {
  const { dryRun, fieldManager, fieldValidation, force, isPatch } = settings;
  const kind = creates ? 'CreateOptions' : isPatch ? 'PatchOptions' : 'UpdateOptions';
  return {
    kind,
    apiVersion,
    ...(dryRun && { dryRun: ['All'] }),
    ...(kind === 'PatchOptions' && force !== undefined && { force }),
    ...(fieldManager && { fieldManager }),
    ...(fieldValidation && { fieldValidation }),
  };
}

export function deleteOptions(settings: DeleteSettings): object {
  const { gracePeriodSeconds, preconditions, orphanDependents, propagationPolicy, dryRun } = settings;
  return {
    kind: 'DeleteOptions',
    apiVersion,
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(preconditions && { preconditions }),
    ...(orphanDependents !== undefined && { orphanDependents }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
    ...(dryRun && { dryRun: ['All'] }),
  };
}
