// What most plugins ask first: is the request about this kind, and is it about the object itself.
import type { KindDefinition } from '@berth/machinery';
import type { AdmissionRequest } from './admission.ts';

export function isKind(kind: KindDefinition, group: string, name: string): boolean {
  return kind.kind === name && kind.group === group;
}

/** The object itself, not one of its subresources. */
export function isAbout(request: AdmissionRequest, group: string, name: string): boolean {
  return !request.subresource && isKind(request.kind, group, name);
}

export function creates(request: AdmissionRequest, group: string, name: string): boolean {
  return request.operation === 'CREATE' && isAbout(request, group, name);
}
