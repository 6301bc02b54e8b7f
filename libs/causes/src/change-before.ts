// Who changed what just before something went wrong: of the workload that the object belongs to, what people wrote, not what
// controllers report.
import type { Change, ChangeField } from '@berth/api';
import { humanDuration } from '@berth/machinery';
import type { Problem } from './problem.ts';
import type { Known } from './why.ts';

/** A change that is longer ago explains nothing. */
const justBeforeMs = 15 * 60_000;
/** Faults begin a moment before the clock of another says so. */
const skewMs = 5_000;
const fieldsMax = 3;
const valueCharactersMax = 60;

/** What may have been changed, as `Kind/namespace/name`: the object, and what its pods are made by. */
export function changeMarks({ kind, namespace, name, explains = [] }: Problem): string[] {
  return [...new Set([`${kind}/${namespace}/${name}`, ...explains])].filter((mark) =>
    /^(Deployment|StatefulSet|DaemonSet|CronJob|Service)\//.test(mark),
  );
}

export function changeBefore(problem: Problem, { changes, now }: Pick<Known, 'changes' | 'now'>): string | undefined {
  const sinceMs = problem.since ? Date.parse(problem.since) : now;
  for (const mark of changeMarks(problem)) {
    const change = changes.get(mark)?.find((one) => isOfPerson(one) && isBefore(one, sinceMs, now));
    if (change) return changeText(change, now);
  }
  return undefined;
}

function isBefore({ time }: Change, sinceMs: number, now: number): boolean {
  const atMs = Date.parse(time);
  // A crash loop begins anew with every crash: what was changed before the first one counts, however long it lasts by now.
  return atMs <= Math.max(sinceMs, now) + skewMs && atMs >= sinceMs - justBeforeMs;
}

function isOfPerson({ verb = '', fields = [], user = '' }: Change): boolean {
  return !verb.includes('status') && !user.startsWith('system:kube-') && fields.some(isOfSpec);
}

function isOfSpec({ path }: ChangeField): boolean {
  return path.startsWith('spec.');
}

export function changeText({ user, time, fields = [], object }: Change, now: number): string {
  const shown = fields.filter(isOfSpec).slice(0, fieldsMax);
  const words = shown.map(({ path, before, after }) => {
    const of = path.replace(/^spec\.(template\.spec\.)?/, '');
    if (after === undefined) return `took ${of} away`;
    return before === undefined ? `set ${of} to ${valueText(after)}` : `changed ${of} from ${valueText(before)} to ${valueText(after)}`;
  });
  const rest = fields.filter(isOfSpec).length - shown.length;
  const more = rest > 0 ? ` and ${rest} more` : '';
  const age = humanDuration(Math.max(0, now - Date.parse(time)));
  return `${user ?? 'somebody'} ${words.join(', ')}${more} of ${object.kind.toLowerCase()}/${object.name} ${age} ago`;
}

/** A string without its quotes; long values cut. */
function valueText(json: string): string {
  const text = /^"[^"\\]*"$/.test(json) ? json.slice(1, -1) : json;
  return text.length > valueCharactersMax ? `${text.slice(0, valueCharactersMax)}…` : text;
}
