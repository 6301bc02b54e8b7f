// When each node was last heard of. A sign is a value that differs from the one before, whatever it says.
import type { Attendance } from './attended-time.ts';

export class SignsOfLife {
  readonly #attendance: Attendance;
  readonly #last = new Map<string, { atMs: number; status?: string | undefined; lease?: string | undefined }>();

  constructor(attendance: Attendance) {
    this.#attendance = attendance;
  }

  see(name: string, what: 'status' | 'lease', value: string | undefined): void {
    const last = this.#last.get(name);
    if (last && last[what] === value) return;
    this.#last.set(name, { ...last, [what]: value, atMs: this.#attendance.nowMs() });
  }

  forget(name: string): void {
    this.#last.delete(name);
  }

  /** Counts every node's silence anew. */
  renew(): void {
    for (const sign of this.#last.values()) sign.atMs = this.#attendance.nowMs();
  }

  silentMs(name: string): number {
    return this.#attendance.nowMs() - (this.#last.get(name)?.atMs ?? 0);
  }
}
