// A container's limit falls back to the largest allowed, its request to that limit, and else to the smallest allowed.
import type { LimitRange } from '../generated/core-v1.types.ts';

export function defaultLimitRange(range: LimitRange): void {
  for (const limit of range.spec?.limits ?? []) {
    if (limit.type !== 'Container') continue;
    limit.default = { ...limit.max, ...limit.default };
    limit.defaultRequest = { ...limit.min, ...limit.default, ...limit.defaultRequest };
  }
}
