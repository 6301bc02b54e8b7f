// Where the API learns what the scheduler decided: from the scheduler, when it runs in the same process.
import type { Decision } from '@berth/api';
import type { WatchEventType } from './types.ts';

export interface DecisionChanged {
  type: Exclude<WatchEventType, 'BOOKMARK'>;
  decision: Decision;
}

export interface DecisionSource {
  /** Grows with every decision, also from one scheduler to the next. */
  readonly version: number;
  /** RFC 3339: nothing is known of what was decided before. */
  readonly since: string;
  /** All that are kept, in a namespace or everywhere. */
  current(namespace: string | undefined): Decision[];
  /** The newest of a pod, with what would make it fit. */
  get(namespace: string, podName: string): Decision | undefined;
  /** Decisions made after a version; undefined when some that were made before it are gone since. */
  after(version: number, namespace: string | undefined): Decision[] | undefined;
  /** Returns how to end it. */
  onChange(listener: (change: DecisionChanged) => void): () => void;
}
