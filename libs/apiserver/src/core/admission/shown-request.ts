// A write as webhooks and policies see it: a scale as a Scale and not as the object that it scales, and a new object without what it
// gets only once it is complete.
import { become } from '../fresh-copies.ts';
import { scaleKind, scaleOf, setReplicas } from '../subresources/scale-object.ts';
import type { AdmissionRequest, DynamicRequest } from './admitted-request.ts';

export interface ShownRequest {
  request: DynamicRequest;
  /** Takes what others made of it into the object that is written. */
  takeOver(): void;
  /** Shows the object that is written as it is now. */
  refresh(): void;
}

const unchanged = () => {};

export function shownToOthers(request: AdmissionRequest): ShownRequest {
  if (request.subresource === 'scale') return shownAsScale(request);
  if (request.isNameGenerated) return { request: { ...request, name: '' }, takeOver: unchanged, refresh: unchanged };
  return { request, takeOver: unchanged, refresh: unchanged };
}

function shownAsScale(request: AdmissionRequest): ShownRequest {
  const { kind, object, old } = request;
  const scale = scaleOf(kind, object);
  const shown = { ...request, bodyKind: scaleKind, object: scale, old: old && scaleOf(kind, old) };
  return {
    request: shown,
    takeOver: () => setReplicas(kind, object, scale.spec?.replicas ?? 0),
    refresh: () => become(scale, scaleOf(kind, object)),
  };
}
