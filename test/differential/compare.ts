// What differs between two answers to one request, as a list: where, and what either side says.
import { isRecord } from '@berth/machinery';
import type { Answer } from './api-server.ts';

export interface Difference {
  /** `code`, `cause`, `warning`, `object.spec.ports[*].name`: list positions are left out, so that alike ones have one name. */
  at: string;
  /** Absent on the side that does not have it. */
  kubernetes?: unknown;
  berth?: unknown;
}

interface Cause {
  reason?: string;
  message?: string;
  field?: string;
}

/** Of a number that Go converts to a type that it does not fit into. */
const refusesNumber = /unrecognized type: int\d+|cannot unmarshal number [\d.e+-]+ into Go struct field \S+ of type int\d+/;

/** Both must have been normalised. */
export function compareAnswers(kubernetes: Answer, berth: Answer): Difference[] {
  const differences: Difference[] = [];
  // Kubernetes' own faults are compared no further.
  if (kubernetes.code === 500 || kubernetes.code === 0)
    return kubernetes.code === berth.code ? [] : [{ at: 'code', kubernetes: summary(kubernetes), berth: summary(berth) }];
  if (String(JSON.stringify(kubernetes.body)).includes('internal error: interface conversion'))
    return [{ at: 'fault', kubernetes: summary(kubernetes), berth: summary(berth) }];
  // What becomes of the object then has nothing in common.
  if (refusesNumber.test(JSON.stringify(berth.body) ?? '')) {
    if (kubernetes.code < 300 || /\b(-2147483648|-9223372036854775808|0): must be/.test(JSON.stringify(kubernetes.body) ?? ''))
      return [{ at: 'number', kubernetes: summary(kubernetes), berth: summary(berth) }];
  }
  if (kubernetes.code !== berth.code) differences.push({ at: 'code', kubernetes: summary(kubernetes), berth: summary(berth) });
  if (kubernetes.contentType !== berth.contentType) {
    differences.push({ at: 'content type', kubernetes: kubernetes.contentType, berth: berth.contentType });
  }
  if (kubernetes.code === berth.code) differences.push(...compareHeaders(kubernetes.headers, berth.headers));
  differences.push(...compareSets('warning', kubernetes.warnings, berth.warnings));
  if (isStatus(kubernetes.body) && isStatus(berth.body)) differences.push(...compareFailures(kubernetes, berth));
  else if (kubernetes.code === berth.code) differences.push(...compareValues('object', kubernetes.body, berth.body));
  return differences;
}

function compareHeaders(theirs: Record<string, string>, ours: Record<string, string>): Difference[] {
  const names = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  return names
    .filter((name) => theirs[name] !== ours[name])
    .map((name) => ({ at: `header ${name}`, kubernetes: theirs[name], berth: ours[name] }));
}

function isStatus(body: unknown): body is Record<string, unknown> {
  return isRecord(body) && body.kind === 'Status' && body.status === 'Failure';
}

function summary({ code, body }: Answer): string {
  if (typeof body === 'string') return `${code} ${body.slice(0, 200)}`;
  return isStatus(body) ? `${code} ${body.reason}: ${body.message}` : `${code} ${isRecord(body) ? (body.kind ?? '') : ''}`;
}

/**
 * Causes are a set: validation of maps goes in random order in Go, and rules that are checked twice name their cause twice.
 * So is the list of them within the message.
 */
function compareFailures(kubernetes: Answer, berth: Answer): Difference[] {
  const [theirs, ours] = [kubernetes.body, berth.body] as Record<string, unknown>[];
  const [theirCauses, ourCauses] = [causesOf(theirs), causesOf(ours)];
  const causes = compareSets('cause', theirCauses, ourCauses);
  if (kubernetes.code !== berth.code || causes.length > 0) return causes;
  const differences: Difference[] = [];
  if (theirs?.reason !== ours?.reason) differences.push({ at: 'reason', kubernetes: theirs?.reason, berth: ours?.reason });
  // What they say is compared cause by cause; of a patch, the object stands in the message as well.
  const several = theirCauses.length > 1;
  const [theirMessage, ourMessage] = [theirs, ours].map((status) => (several ? sorted(String(status?.message)) : status?.message));
  if (theirMessage !== ourMessage && !theirCauses[0]?.startsWith('patch |'))
    differences.push({ at: 'message', kubernetes: theirs?.message, berth: ours?.message });
  const details = (status: Record<string, unknown> | undefined) => ({ ...(status?.details as object | undefined), causes: undefined });
  return [...differences, ...compareValues('details', details(theirs), details(ours))];
}

/** What a patch made is shown in full, whose fields come in another order. */
function withoutObject(field: string | undefined, message = ''): string {
  return field === 'patch' ? message.replace(/^Invalid value: ".*(?<!\\)": /s, 'Invalid value: <object>: ') : message;
}

/** The same for every order of what is listed. */
function sorted(message: string): string {
  return [...message].sort().join('');
}

function causesOf(status: Record<string, unknown> | undefined): string[] {
  const details = status?.details;
  const causes = isRecord(details) && Array.isArray(details.causes) ? (details.causes as Cause[]) : [];
  return [...new Set(causes.map(({ field, reason, message }) => `${field ?? ''} | ${reason} | ${withoutObject(field, message)}`))];
}

function compareSets(at: string, theirs: string[], ours: string[]): Difference[] {
  const left = [...ours];
  const missing = theirs.filter((one) => {
    const index = left.indexOf(one);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return [...missing.map((kubernetes) => ({ at, kubernetes })), ...left.map((berth) => ({ at, berth }))];
}

export function compareValues(at: string, theirs: unknown, ours: unknown): Difference[] {
  if (Array.isArray(theirs) && Array.isArray(ours)) {
    const length = Math.max(theirs.length, ours.length);
    return Array.from({ length }).flatMap((_, index) => compareValues(`${at}[*]`, theirs[index], ours[index]));
  }
  if (isRecord(theirs) && isRecord(ours)) {
    const names = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
    return [...names].flatMap((name) => compareValues(`${at}.${name}`, theirs[name], ours[name]));
  }
  return Object.is(theirs, ours) ? [] : [{ at, kubernetes: theirs, berth: ours }];
}
