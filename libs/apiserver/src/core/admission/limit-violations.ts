// How amounts break the bounds of a limit range, in the words that Kubernetes' users know.
import { type Amounts, amountsOf, type LimitRangeItem } from '@berth/api';
import type { Quantity } from '@berth/machinery';

export function amountViolations(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  const { type, min, max, maxLimitRequestRatio } = item;
  return [
    ...each(min, (name, bound) => below(name, type, bound, requests.get(name), limits.get(name))),
    ...each(max, (name, bound) => above(name, type, bound, requests.get(name), limits.get(name))),
    ...each(maxLimitRequestRatio, (name, bound) => ratio(name, type, bound, requests.get(name), limits.get(name))),
  ];
}

/** Only what a claim requests counts. */
export function claimViolations({ type, min, max }: LimitRangeItem, list: Record<string, string>): string[] {
  const requests = amountsOf(list);
  return [
    ...each(min, (name, bound) => below(name, type, bound, requests.get(name), undefined)),
    ...each(max, (name, bound) => {
      const request = requests.get(name);
      const rule = `maximum ${name} usage per ${type} is ${bound}`;
      if (!request) return `${rule}.  No request is specified`;
      return request.compare(bound) > 0 ? `${rule}, but request is ${request}` : undefined;
    }),
  ];
}

type Violation = (name: string, bound: Quantity) => string | undefined;

function each(bounds: Record<string, string> | undefined, check: Violation): string[] {
  return [...amountsOf(bounds)].flatMap(([name, bound]) => check(name, bound) ?? []);
}

function below(name: string, type: string, bound: Quantity, request: Quantity | undefined, limit: Quantity | undefined) {
  const rule = `minimum ${name} usage per ${type} is ${bound}`;
  if (!request) return `${rule}.  No request is specified`;
  if (request.compare(bound) < 0) return `${rule}, but request is ${request}`;
  return limit && limit.compare(bound) < 0 ? `${rule}, but limit is ${limit}` : undefined;
}

function above(name: string, type: string, bound: Quantity, request: Quantity | undefined, limit: Quantity | undefined) {
  const rule = `maximum ${name} usage per ${type} is ${bound}`;
  if (!limit) return `${rule}.  No limit is specified`;
  if (limit.compare(bound) > 0) return `${rule}, but limit is ${limit}`;
  return request && request.compare(bound) > 0 ? `${rule}, but request is ${request}` : undefined;
}

function ratio(name: string, type: string, bound: Quantity, request: Quantity | undefined, limit: Quantity | undefined) {
  const rule = `${name} max limit to request ratio per ${type} is ${bound}`;
  if (!request || request.isZero()) return `${rule}, but no request is specified or request is 0`;
  if (!limit || limit.isZero()) return `${rule}, but no limit is specified or limit is 0`;
  const observed = limit.toNumber() / request.toNumber();
  return observed > bound.toNumber() ? `${rule}, but provided ratio is ${observed.toFixed(6)}` : undefined;
}
