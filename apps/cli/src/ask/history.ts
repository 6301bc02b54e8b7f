// `berth history`: who changed what, when, and from what to what, the latest last. Exit codes: 0 shown, 1 it could not be found out, 2 wrong
// usage.
import { Change, Moment } from '@berth/api';
import { isReason } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { stringify } from 'yaml';
import type { Paint } from '../terminal.ts';
import { changeLines } from './change-lines.ts';
import { type Asked, type Cluster, type OwnOptions, readAsked } from './cluster-options.ts';
import { readMoment } from './moment-word.ts';
import { kindsOfWords } from './past-kinds.ts';
import { readSince } from './since.ts';

export const historyOptions: OwnOptions = {
  'all-namespaces': { type: 'boolean', short: 'A' },
  since: { type: 'string' },
  until: { type: 'string' },
  user: { type: 'string' },
  action: { type: 'string' },
  limit: { type: 'string' },
  diff: { type: 'boolean' },
  all: { type: 'boolean' },
};

const line = 'berth history [KIND NAME|KIND/NAME] [-n NAMESPACE|-A] [--since 1h] [--until TIME] [--user NAME] [--diff] [-o json|yaml]';
export const historyUsage = `usage: ${line} [--kubeconfig FILE]
  who changed what, when, and how, the latest last; of the last hour, of one object (with what changed from what to what) all that is kept.
  --since and --until take 10m or 2h (ago), 14:30, or 2026-01-31T14:30:00Z; --action Scaled, Deleted and so on; --limit N (1000);
  --all also what is written all the time, such as leases and statuses. Objects without a namespace are in default.
  What there was before:  berth at TIME get KIND NAME`;

const limitDefault = 1_000;

export interface HistoryPorts {
  print(text: string): void;
  note(text: string): void;
  paint: Paint;
}

export async function runHistory(argv: string[], ports: HistoryPorts): Promise<number> {
  const asked = readAsked(argv, historyOptions, ['json', 'yaml']);
  if (asked.isHelp) {
    ports.print(historyUsage);
    return 0;
  }
  if (asked.isSet('all-namespaces') && asked.text('namespace') !== undefined) throw new UsageError('-n and -A: it is one of them');
  const subject = subjectOf(asked.positionals);
  const limit = readLimit(asked.text('limit'));
  const times = timesOf(asked);
  return asked.ask(async (cluster) => {
    const selector = [...times.selector, ...optionsOf(asked), ...(await subjectSelector(cluster, subject))];
    const namespace = asked.isSet('all-namespaces') ? undefined : await namespaceOf(cluster, subject);
    const { changes, isMore } = await newest(cluster, { namespace, fieldSelector: selector.join(','), limit });
    if (asked.output !== undefined) {
      ports.print(asked.isJson ? JSON.stringify(changes, undefined, 2) : stringify(changes, { lineWidth: 0 }).trimEnd());
      return 0;
    }
    const form = { withNamespace: namespace === undefined, withDiff: subject !== undefined || asked.isSet('diff'), now: Date.now() };
    if (changes.length > 0) ports.print(changeLines(changes, form, ports.paint).join('\n'));
    if (isMore) ports.note(`there are older ones: --limit shows more than ${limit}, --until what was before a time`);
    await explain(cluster, { sinceMs: times.sinceMs, isEmpty: changes.length === 0, subject, namespace }, ports);
    return 0;
  });
}

interface Subject {
  word: string;
  name: string;
}

/** @throws UsageError */
function subjectOf(words: readonly string[]): Subject | undefined {
  if (words.length === 0) return undefined;
  const [word = '', name = '', ...more] = words.join('/').split('/');
  if (word === '' || name === '' || more.length > 0)
    throw new UsageError(`it is: ${line}, not ${JSON.stringify(words.join(' '))}; of everything in a namespace without KIND and NAME`);
  return { word, name };
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return limitDefault;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`--limit: ${JSON.stringify(text)} is no number from 1 on`);
  return Number(text);
}

function timesOf(asked: Asked): { selector: string[]; sinceMs: number | undefined } {
  const [since, until] = [asked.text('since'), asked.text('until')];
  const sinceMs = since === undefined ? undefined : readMoment(since, '--since');
  const untilMs = until === undefined ? undefined : readMoment(until, '--until');
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs)
    throw new UsageError('--since is after --until: nothing lies between them');
  // How long ago is counted by the server's clock.
  const isAgo = since !== undefined && /^\d+[a-z]/.test(since);
  const from = isAgo ? `${readSince(since)}ms` : sinceMs === undefined ? undefined : new Date(sinceMs).toISOString();
  return {
    selector: [
      ...(from === undefined ? [] : [`since=${from}`]),
      ...(untilMs === undefined ? [] : [`until=${new Date(untilMs).toISOString()}`]),
    ],
    sinceMs,
  };
}

function optionsOf(asked: Asked): string[] {
  const [user, action] = [asked.text('user'), asked.text('action')];
  const escaped = (text: string) => text.replace(/[\\,=]/g, '\\$&');
  return [
    ...(user === undefined ? [] : [`user=${escaped(user)}`]),
    ...(action === undefined ? [] : [`action=${escaped(action)}`]),
    ...(asked.isSet('all') ? ['routine=true'] : []),
  ];
}

async function subjectSelector({ client }: Cluster, subject: Subject | undefined): Promise<string[]> {
  if (!subject) return [];
  const [kind, another] = await kindsOfWords(subject.word, client);
  if (!kind || another) throw new UsageError('a name goes with one kind');
  return [`object.resource=${kind.plural}`, `object.kind=${kind.kind}`, `object.name=${subject.name}`];
}

/** Changes of what has no namespace are where their events are. */
async function namespaceOf({ client, namespace }: Cluster, subject: Subject | undefined): Promise<string> {
  if (!subject) return namespace;
  const [kind] = await kindsOfWords(subject.word, client);
  return kind?.namespaced === false ? 'default' : namespace;
}

interface Query {
  namespace: string | undefined;
  fieldSelector: string;
  limit: number;
}

/** The latest last. */
async function newest({ client }: Cluster, { namespace, fieldSelector, limit }: Query): Promise<{ changes: Change[]; isMore: boolean }> {
  const changes: Change[] = [];
  let next: string | undefined;
  do {
    const where = { ...(namespace !== undefined && { namespace }), ...(fieldSelector !== '' && { fieldSelector }) };
    const page = await listed(client, {
      ...where,
      limit: Math.min(500, limit - changes.length),
      ...(next !== undefined && { continue: next }),
    });
    changes.push(...page.items);
    next = page.continue;
  } while (next && changes.length < limit);
  return { changes: changes.slice(0, limit).toReversed(), isMore: Boolean(next) || changes.length > limit };
}

async function listed(client: Cluster['client'], options: object): Promise<{ items: Change[]; continue?: string }> {
  try {
    return await client.list(Change, options);
  } catch (error) {
    if (isReason(error, 'NotFound')) throw new Error('this server keeps no history: it is a build before berth history, or not Berth');
    throw error;
  }
}

interface Shown {
  sinceMs: number | undefined;
  isEmpty: boolean;
  subject: Subject | undefined;
  namespace: string | undefined;
}

/** Nothing is never merely nothing: how far back it was looked. */
async function explain({ client }: Cluster, { sinceMs, isEmpty, subject, namespace }: Shown, { note }: HistoryPorts): Promise<void> {
  const isPast = sinceMs !== undefined || subject !== undefined;
  if (!isEmpty && sinceMs === undefined) return;
  const { time } = await client.get(Moment, { name: 'oldest' });
  if (sinceMs !== undefined && sinceMs < Date.parse(time)) note(`the past is kept from ${time} on`);
  if (!isEmpty) return;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  const what = subject ? `${subject.word}/${subject.name} was not changed${where}` : `nothing changed${where}`;
  note(
    `${what} ${isPast ? `since ${sinceMs === undefined || sinceMs < Date.parse(time) ? time : new Date(sinceMs).toISOString()}` : 'in the last hour: --since looks further back, -A everywhere'}`,
  );
}
