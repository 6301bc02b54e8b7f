// What a write to /status changes: the status, and metadata but for what the kind's strategy keeps (k8s.io/kubernetes,
// pkg/registry/**/strategy.go). Everything else stays as it is, whatever the body says.
import { validateMetadataParts } from '@berth/api';
import { deepClone, deepEqual, type FieldError, type KindDefinition, type StatusMetadata, statusMetadata } from '@berth/machinery';
import type { Shaped } from './metadata.ts';

/**
 * Only what is taken over from `old` is copied: the status and metadata come from `given`, whose they are no more.
 * @param now RFC 3339
 */
export function withStatus(kind: KindDefinition, old: Shaped, given: Shaped, now: string): Shaped {
  const { strategy } = kind;
  const metadata = { ...given.metadata };
  for (const part of strategy.statusKeeps ?? []) keepPart(metadata, old.metadata, part);
  const next = {} as Shaped;
  for (const name of Object.keys(old) as (keyof Shaped)[]) {
    if (name === 'metadata') next.metadata = metadata;
    else if (name === 'status') next.status = given.status;
    else Object.assign(next, { [name]: deepClone(old[name]) });
  }
  if (given.status === undefined) delete next.status;
  else next.status = given.status;
  strategy.prepareForStatusUpdate?.(next, old, now);
  return next;
}

/** Of a write to all but the status. */
export function keepStatus(next: Shaped, old: Shaped): void {
  if (old.status === undefined) delete next.status;
  else next.status = deepClone(old.status);
}

function keepPart(metadata: Shaped['metadata'], old: Shaped['metadata'], part: StatusMetadata): void {
  if (old[part] === undefined) delete metadata[part];
  else Object.assign(metadata, { [part]: deepClone(old[part]) });
}

/** Of a configuration to apply to the status: what it may change. */
export function withinStatus(kind: KindDefinition, { apiVersion, kind: name, metadata, status }: Shaped): Shaped {
  const kept: readonly string[] = kind.strategy.statusKeeps ?? [];
  const parts = Object.entries(metadata).filter(([part]) => !kept.includes(part));
  const applied: Shaped = { apiVersion, kind: name, metadata: Object.fromEntries(parts) as unknown as Shaped['metadata'] };
  if (status !== undefined) applied.status = status;
  return applied;
}

/** Everything wrong with metadata that the write changes; most change none of it. */
export function validateStatusMetadata({ strategy }: KindDefinition, next: Shaped, old: Shaped): FieldError[] {
  const isSame = statusMetadata.every((part) => deepEqual(next.metadata[part], old.metadata[part]));
  return isSame ? [] : validateMetadataParts(next, 'metadata', strategy.statusTakesPlainFinalizers);
}
