// Groups of Kubernetes itself: whoever defines kinds in them says who approved of that, or that nobody did.
import type { CustomResourceDefinition } from '../../generated/apiextensions-v1.types.ts';
import { type FieldError, invalid, required } from '../errors.ts';

const annotation = 'api-approved.kubernetes.io';
const field = `metadata.annotations[${annotation}]`;
const more = 'see https://github.com/kubernetes/enhancements/pull/1111';

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid';

/** @param old what it replaces: an approval that is not better than before is not asked for again */
export function validateApproval(definition: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  if (!isProtectedGroup(definition.spec.group ?? '')) return [];
  const state = approvalOf(definition);
  if (old && approvalOf(old) === state) return [];
  if (state === 'missing') return [required(field, `protected groups must have approval annotation "${annotation}", ${more}`)];
  if (state !== 'invalid') return [];
  const detail = `protected groups must have approval annotation "${annotation}" with either a URL or a reason starting with "unapproved", ${more}`;
  return [invalid(field, definition.metadata.annotations?.[annotation], detail)];
}

function isProtectedGroup(group: string): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group);
}

function approvalOf({ metadata }: CustomResourceDefinition): Approval {
  const value = metadata.annotations?.[annotation] ?? '';
  if (value === '') return 'missing';
  if (value.startsWith('unapproved')) return 'bypassed';
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#\s]+(?:[/?#]\S*)?$/.test(value) ? 'approved' : 'invalid';
}
