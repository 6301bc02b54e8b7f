// What becomes of an object, decided on its newest state, and on what else the decision rests.
import type { KubeObject } from '@berth/machinery';
import type { Compare, KeyValue, Write } from '@berth/store';
import type { Entry } from './object-codec.ts';

export interface Guard {
  compare: Compare;
  write?: Write;
  /** Called when the comparison failed: throws the StatusError to answer with, or returns to decide again. */
  onConflict(current: KeyValue | undefined): void;
  /** Called when it was written, before the cache knows. */
  onCommit?(revision: number): void;
}

/** Keys of failed guards as the store has them now; newer than the cache. */
export type Known = ReadonlyMap<string, KeyValue | undefined>;

export interface PutDecision {
  type: 'put';
  object: KubeObject;
  guards?: Guard[];
  /** These go along unconditionally: releases of what the object held. */
  writes?: Write[];
  warnings?: string[];
  /** Of a dry run: the version that is shown, as no store gives one. */
  shownVersion?: string | undefined;
  /** Decisions with the same key are made and committed one after the other. */
  lockKey?: string | undefined;
  /** Makes the decision anew while the object is as it was decided on: without asking webhooks, which take their time. */
  again?(): Promise<Decision>;
  /** Whether it holds what may be somebody else's once it could not be committed, such as an address: then everything is decided anew. */
  isAllocated?: boolean | undefined;
}

export type Decision =
  | PutDecision
  | { type: 'remove'; object: KubeObject; writes?: Write[]; warnings?: string[] }
  | { type: 'keep'; entry: Entry; warnings?: string[] };

export type Decide = (current: Entry | undefined, known: Known) => Decision | Promise<Decision>;
