// A subresource that the API serves with code of its own: one file each in this folder, one line each in registry.ts. Status is
// none of them: it is a part of the object, and Writes knows it.
import type { KindDefinition } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { TokenIssuer } from '../../authentication/service-accounts/token-issuer.ts';
import type { Attributes } from '../authorizer.ts';
import type { Committer } from '../commit.ts';
import type { Deletion } from '../deletion.ts';
import type { Entry } from '../object-codec.ts';
import type { PatchKind } from '../patches.ts';
import type { Answer, Call, ReadSettings, User, WriteSettings } from '../types.ts';
import type { Writes } from '../writes.ts';

/** What handlers work with. Authorization of the request itself has been done before one is called. */
export interface SubresourcePorts {
  writes: Writes;
  committer: Committer;
  deletion: Deletion;
  clock: Clock;
  /** Absent where nothing signs service accounts' tokens. */
  tokens?: TokenIssuer | undefined;
  isAllowed(user: User, attributes: Attributes): Promise<{ allowed: boolean }>;
  /** @throws StatusError NotFound */
  read(call: Call, settings?: ReadSettings): Promise<Entry>;
  /** All of a kind in a namespace, as new as the request. */
  list(kind: KindDefinition, namespace: string | undefined): Promise<Entry[]>;
}

/** A method that is absent is one that the subresource does not have. `call.name` is there, `call.subresource` is its name. */
export interface SubresourceHandler {
  get?(call: Call, settings: ReadSettings): Promise<Answer>;
  create?(call: Call, body: unknown, settings: WriteSettings): Promise<Answer>;
  update?(call: Call, body: unknown, settings: WriteSettings): Promise<Answer>;
  patch?(call: Call, type: PatchKind, patch: unknown, settings: WriteSettings): Promise<Answer>;
}

export interface SubresourceDefinition {
  name: string;
  /** Which kinds have it. */
  of(kind: KindDefinition): boolean;
  handler(ports: SubresourcePorts): SubresourceHandler;
}

/** `of: ofKind('', 'Pod')`. */
export function ofKind(group: string, name: string): (kind: KindDefinition) => boolean {
  return (kind) => kind.group === group && kind.kind === name;
}

/** The same call, about the object itself. */
export function ofObject(call: Call): Call {
  return { ...call, subresource: undefined };
}
