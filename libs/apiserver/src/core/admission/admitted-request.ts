// What admission is asked about: a request of any sort, and a write of an object.
import type { KubeObject } from '@berth/machinery';
import type { Write } from '@berth/store';
import type { Guard, Known } from '../decision.ts';
import type { Annotated } from '../types.ts';
import type { AdmissionFacts } from './expressions/index.ts';

/** A request as webhooks and policies are asked about it. */
export interface DynamicRequest extends AdmissionFacts {
  audit?: Annotated | undefined;
  /** One Warning header each, also when the request fails. */
  warnings: string[];
  /** Aborts when nobody waits for the answer any more. */
  signal?: AbortSignal | undefined;
  /** Shared by all attempts to decide on a write. */
  known?: Known;
}

/** A write of an object. */
export interface AdmissionRequest extends DynamicRequest {
  operation: 'CREATE' | 'UPDATE';
  /** Absent for the object itself. */
  subresource?: string | undefined;
  /** Changed in place. */
  object: KubeObject;
  /** The object before; frozen. */
  old: KubeObject | undefined;
  known: Known;
  /** Committed together with the object. */
  guards: Guard[];
  writes: Write[];
  /** Set by a plugin whose guards others change all the time: requests with the same key wait for each other. */
  lockKey?: string;
  /** Whether an address or a port was chosen, which is had once it is committed. */
  isAllocated?: boolean;
  /** Whether the server made the name up: until the object is complete, others are shown none. */
  isNameGenerated?: boolean;
  /** What a refusal calls the object, while it has no name of its own. */
  refusedName?: string;
  /** Whether webhooks and policies are to have no say: they had it on the request that this one is part of. */
  isAdmitted?: boolean | undefined;
}
