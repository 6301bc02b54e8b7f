// Changes as lines for a terminal: when, who, what, and with the fields from what to what. Pure.
import type { Change, ChangeField } from '@berth/api';
import type { Colour, Paint } from '../terminal.ts';

export interface ChangeForm {
  withNamespace: boolean;
  withDiff: boolean;
  /** Milliseconds; times of another day have their date. */
  now: number;
}

const colours: Record<string, Colour> = {
  Created: 'green',
  Deleted: 'red',
  Deleting: 'red',
  Evicted: 'red',
  RolloutStuck: 'red',
  ContainerRestarted: 'yellow',
  ContainerWaits: 'yellow',
};
const valueLengthMax = 100;

export function changeLines(changes: readonly Change[], form: ChangeForm, paint: Paint): string[] {
  const rows = changes.map((change) => ({ change, cells: cellsOf(change, form) }));
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map(({ cells }) => cells[column]?.length ?? 0)));
  return rows.flatMap(({ change, cells }) => {
    const [when = '', what = '', message = '', who = ''] = [
      cells[0]?.padEnd(widths[0] ?? 0),
      cells[1]?.padEnd(widths[1] ?? 0),
      cells[2],
      cells[3],
    ];
    const colour = colours[change.action];
    const said = colour ? paint(colour, message) : message;
    const first = `${paint('grey', when)}  ${what}  ${said}  ${paint('grey', `by ${who}`)}`;
    return [first, ...(form.withDiff ? fieldLines(change, paint) : [])];
  });
}

function cellsOf(change: Change, { withNamespace, now }: ChangeForm): string[] {
  const { object, message, type } = change;
  const place = withNamespace && object.namespace !== undefined ? `${object.namespace}/` : '';
  return [
    whenText(change.time, now),
    `${place}${object.kind.toLowerCase()}/${object.name}`,
    message || type.toLowerCase(),
    whoText(change),
  ];
}

/** In the time of this machine. */
function whenText(time: string, now: number): string {
  if (time === '') return 'unknown';
  const at = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const ofDay = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (at.toDateString() === new Date(now).toDateString()) return ofDay;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${ofDay}`;
}

/** Controllers by their own names. */
function whoText({ user, client }: Change): string {
  if (user === undefined) return 'nobody that is known';
  const name = /^system:(?:serviceaccount:kube-system:)?(.+)$/.exec(user)?.[1] ?? user;
  return client && client !== name ? `${name} (${client})` : name;
}

function fieldLines({ action, fields = [], fieldsLeftOut = 0 }: Change, paint: Paint): string[] {
  if (action === 'Deleting') return [];
  const wanted = fields.filter(({ path }) => !path.startsWith('status'));
  const more = fieldsLeftOut > 0 ? [`    and ${fieldsLeftOut} more fields`] : [];
  return [...wanted.flatMap((field) => fieldText(field, paint)), ...(wanted.length > 0 ? more : [])];
}

function fieldText({ path, before, after }: ChangeField, paint: Paint): string[] {
  if (before === undefined && after === undefined) return [`    ${path}: changed, not shown`];
  const lines = [
    before !== undefined && paint('red', `    - ${path}: ${cut(before)}`),
    after !== undefined && paint('green', `    + ${path}: ${cut(after)}`),
  ];
  return lines.filter((line) => line !== false);
}

function cut(text: string): string {
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax)}…`;
}
