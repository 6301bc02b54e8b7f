// A subresource that the API serves with code of its own: one file each in this folder, one line each in registry.ts. Status is
// none of them: it is a part of the object, and Writes knows it.
import { apiVersionOf, isRecord, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { Admission } from '../admission/admission.ts';
import type { GroupVersionKind } from '../admission/matching/index.ts';
import { writeOptions } from '../admission/request-options.ts';
import type { Applies } from '../apply.ts';
import type { Attributes } from '../authorizer.ts';
import type { Committer } from '../commit.ts';
import type { Deletion } from '../deletion.ts';
import type { NodeTunnels } from '../node-tunnels.ts';
import type { Entry } from '../object-codec.ts';
import type { Resource } from '../resource.ts';
import type { TokenSigner } from '../token-signer.ts';
import type { Call, ReadSettings, User } from '../types.ts';
import type { Lookup } from '../webhooks/index.ts';
import type { Writes } from '../writes.ts';

/** What handlers work with. Authorization of the request itself has been done before one is called. */
export interface SubresourcePorts {
  writes: Writes;
  applies: Applies;
  admission: Admission;
  committer: Committer;
  deletion: Deletion;
  clock: Clock;
  nodes: NodeTunnels;
  /** Services and what is behind them, as this server itself sees them. */
  lookup: Lookup;
  /** Absent where nothing signs service accounts' tokens. */
  tokens?: TokenSigner | undefined;
  isAllowed(user: User, attributes: Attributes): Promise<{ allowed: boolean }>;
  /** @throws StatusError NotFound */
  read(call: Call, settings?: ReadSettings): Promise<Entry>;
  /** All of a kind in a namespace, as new as the request. */
  list(kind: KindDefinition, namespace: string | undefined): Promise<Entry[]>;
}

export interface SubresourceDefinition {
  name: string;
  /** Which kinds have it. */
  of(kind: KindDefinition): boolean;
  /** `call.name` is there, `call.subresource` is its name. */
  resource(ports: SubresourcePorts): Resource;
}

/** `of: ofKind('', 'Pod')`. */
export function ofKind(group: string, name: string): (kind: KindDefinition) => boolean {
  return (kind) => kind.group === group && kind.kind === name;
}

/** The same call, about the object itself. */
export function ofObject(call: Call): Call {
  return { ...call, subresource: undefined };
}

type Create = NonNullable<Resource['create']>;

/** A create whose body is no object of the kind, but asks for something: webhooks and policies are asked about that alone. */
export function admitted({ admission }: Pick<SubresourcePorts, 'admission'>, bodyKind: GroupVersionKind, create: Create): Create {
  return async (call, body, settings) => {
    const warnings: string[] = [];
    if (isRecord(body)) {
      const { kind, namespace, name = '', subresource, user, audit, signal } = call;
      // The body's own: what is made of it is what is done.
      const object = Object.assign(body, { apiVersion: apiVersionOf(bodyKind), kind: bodyKind.kind }) as unknown as KubeObject;
      const { dryRun } = settings;
      const options = writeOptions(true, settings);
      const asked = { user, audit, signal, kind, namespace, name, subresource, bodyKind, object, options, dryRun, warnings };
      await admission.admitUnstored({ operation: 'CREATE', ...asked });
    }
    const answer = await create({ ...call, isAdmitted: true }, body, settings);
    return warnings.length === 0 ? answer : { ...answer, warnings: [...warnings, ...answer.warnings] };
  };
}
