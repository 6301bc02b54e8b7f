// A container's limit falls back to the largest allowed, its request to that limit, and else to the smallest allowed.
import type { LimitRange } from '../generated/core-v1.types.ts';

export function defaultLimitRange(range: LimitRange): void {
  for (const limit of range.spec?.limits ?? []) {
    if (limit.type !== 'Container') continue;
    const defaults = { ...limit.max, ...limit.default };
    const requests = { ...limit.min, ...defaults, ...limit.defaultRequest };
    // What holds nothing is not shown.
    if (Object.keys(defaults).length > 0) limit.default = defaults;
    else delete limit.default;
    if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
    else delete limit.defaultRequest;
  }
}
