// `berth events`: what happened, the latest last, of everything or of an object and what belongs to it. Exit codes: 0 shown, 1 it could
// not be found out, 2 wrong usage.
import { Event, Job, Pod, ReplicaSet } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { type Paint, plain } from '../terminal.ts';
import { textTable } from '../text-table.ts';
import { type Asked, type Cluster, type OwnOptions, readAsked } from './cluster-options.ts';
import { type EventFilter, eventHeading, eventRow, type Happening, happeningOf, merged, passes } from './event-table.ts';
import { Family } from './families.ts';
import { readTypedObject, type TypedObject } from './kind-words.ts';
import { readSince } from './since.ts';

export const eventsOptions: OwnOptions = {
  'all-namespaces': { type: 'boolean', short: 'A' },
  for: { type: 'string' },
  types: { type: 'string' },
  watch: { type: 'boolean', short: 'w' },
  since: { type: 'string' },
};

export const eventsUsage = `usage: berth events [-n NAMESPACE|-A] [--for KIND/NAME] [--types Warning] [--since 1h] [-w] [-o json] [--kubeconfig FILE]
  what happened, the latest last; --for deployment/web takes in its ReplicaSets and pods. -w goes on until it is ended.`;

/** Kinds that others make, and that things happen to. */
// Only read, as objects of any kind.
const madeKinds: KindDefinition[] = [ReplicaSet, Job, Pod] as unknown as KindDefinition[];

export async function runEvents(
  argv: string[],
  print: (text: string) => void,
  paint: Paint = plain,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const asked = readAsked(argv, eventsOptions);
  if (asked.isHelp) {
    print(eventsUsage);
    return 0;
  }
  const [word] = asked.positionals;
  if (word !== undefined) throw new UsageError(`it is: berth events, without ${JSON.stringify(word)}; of one object, --for KIND/NAME`);
  const isEverywhere = asked.isSet('all-namespaces');
  if (isEverywhere && asked.text('namespace') !== undefined) throw new UsageError('-n and -A: it is one of them');
  const subject = subjectOf(asked);
  const filter = filterOf(asked);
  return asked.ask(async (cluster) => {
    const isWide = isEverywhere || subject?.kind.namespaced === false;
    const show = new Events({
      cluster,
      namespace: isWide ? undefined : cluster.namespace,
      subject,
      filter,
      isJson: asked.isJson,
      print,
      paint,
    });
    const resourceVersion = await show.list(asked.isSet('watch'));
    if (asked.isSet('watch')) await show.follow(resourceVersion, signal);
    return 0;
  });
}

function subjectOf(asked: Asked): TypedObject | undefined {
  const given = asked.text('for');
  return given === undefined ? undefined : readTypedObject([given], 'berth events --for KIND/NAME');
}

function filterOf(asked: Asked): EventFilter {
  const types = (asked.text('types') ?? '').split(',').filter((type) => type !== '');
  const unknown = types.find((type) => !['normal', 'warning'].includes(type.toLowerCase()));
  if (unknown !== undefined) throw new UsageError(`--types: ${JSON.stringify(unknown)} is neither Normal nor Warning`);
  return { types: types.map((type) => type.toLowerCase()), sinceMs: readSince(asked.text('since')) };
}

interface EventsOptions {
  cluster: Cluster;
  /** Undefined for all. */
  namespace: string | undefined;
  subject: TypedObject | undefined;
  filter: EventFilter;
  isJson: boolean;
  print(text: string): void;
  paint: Paint;
}

class Events {
  readonly #options: EventsOptions;
  readonly #client: HttpClient;
  #family: Family | undefined;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#client = options.cluster.client;
  }

  /** Shows what there is. @param isFollowed more is to come, one a line @returns from where to go on */
  async list(isFollowed: boolean): Promise<string> {
    const { namespace, subject, filter, isJson, print } = this.#options;
    if (subject) this.#family = await this.#familyOf(subject);
    const { items, resourceVersion } = await this.#client.list(Event, namespace === undefined ? {} : { namespace });
    const own = items.filter((event) => this.#isOwn(event));
    const now = Date.now();
    const shown = merged(own.map(happeningOf)).filter((one) => passes(one, filter, now));
    if (isJson && !isFollowed) print(JSON.stringify(shown.map(asJson), undefined, 2));
    else if (isJson) for (const one of shown) print(JSON.stringify(asJson(one)));
    else if (shown.length > 0) print(this.#table(shown, now));
    else if (!isFollowed) print(this.#none());
    return resourceVersion;
  }

  /** Shows what happens from then on, until the signal. */
  async follow(from: string, signal: AbortSignal): Promise<void> {
    const { namespace, filter, isJson, print } = this.#options;
    let resourceVersion = from;
    while (!signal.aborted) {
      try {
        const where = namespace === undefined ? {} : { namespace };
        for await (const change of this.#client.watch(Event, { ...where, resourceVersion, signal })) {
          if (change.type === 'BOOKMARK') resourceVersion = change.resourceVersion;
          else resourceVersion = change.object.metadata.resourceVersion ?? resourceVersion;
          if (change.type === 'BOOKMARK' || change.type === 'DELETED' || !(await this.#concerns(change.object))) continue;
          const one = happeningOf(change.object);
          if (!passes(one, { ...filter, sinceMs: undefined }, Date.now())) continue;
          print(isJson ? JSON.stringify(asJson(one)) : this.#line(one));
        }
      } catch (error) {
        if (!isReason(error, 'Expired')) throw error;
        // What happened while nobody could be asked is shown as it is now.
        resourceVersion = await this.list(true);
      }
    }
  }

  async #familyOf({ kind, name }: TypedObject): Promise<Family> {
    const { namespace } = this.#options;
    const key = kind.namespaced ? { namespace, name } : { name };
    let uid: string | undefined;
    try {
      uid = (await this.#client.get(kind, key)).metadata.uid;
    } catch (error) {
      // Of what is gone, its events are still there.
      if (!isReason(error, 'NotFound')) throw error;
    }
    const family = new Family({ kind: kind.kind, name, uid, ...(kind.namespaced && { namespace }) });
    if (kind.namespaced && uid !== undefined) {
      const lists = await Promise.all(madeKinds.map((made) => this.#client.list(made, { namespace })));
      family.addDescendants(lists.flatMap(({ items }) => items));
    }
    return family;
  }

  #isOwn({ involvedObject: { kind = '', name = '', namespace, uid } }: Event): boolean {
    return this.#family === undefined || this.#family.has({ kind, name, namespace, uid });
  }

  /** Also of what was made since, which is looked up. */
  async #concerns(event: Event): Promise<boolean> {
    if (this.#isOwn(event)) return true;
    const { kind, name = '', namespace } = event.involvedObject;
    const made = madeKinds.find((one) => one.kind === kind);
    if (!made || !this.#family) return false;
    const object = await this.#lookUp(made, { namespace, name });
    if (object) this.#family.addDescendants([object]);
    return this.#isOwn(event);
  }

  async #lookUp(kind: KindDefinition, key: { namespace?: string; name: string }): Promise<KubeObject | undefined> {
    try {
      return await this.#client.get(kind, key);
    } catch (error) {
      // Gone already, or not to be read: its name decides.
      if (error instanceof StatusError) return undefined;
      throw error;
    }
  }

  /** Of one that has just happened. */
  #line(one: Happening): string {
    const { namespace, paint } = this.#options;
    const line = eventRow(one, Date.now(), namespace === undefined).join('  ');
    return one.type === 'Warning' ? paint('yellow', line) : line;
  }

  #table(shown: readonly Happening[], now: number): string {
    const { namespace, paint } = this.#options;
    const hasNamespace = namespace === undefined;
    const rows = shown.map((one) => eventRow(one, now, hasNamespace));
    const lines = textTable([[...(hasNamespace ? ['NAMESPACE'] : []), ...eventHeading], ...rows]).split('\n');
    // Once columns are as wide as they are: a colour has no width.
    return lines.map((line, index) => (shown[index - 1]?.type === 'Warning' ? paint('yellow', line) : line)).join('\n');
  }

  #none(): string {
    const { namespace, subject } = this.#options;
    const whose = subject ? ` of ${subject.kind.kind.toLowerCase()}/${subject.name}` : '';
    const remedy = 'events are kept for an hour; -A shows all namespaces';
    return `there are no such events${whose}${namespace === undefined ? '' : ` in namespace ${namespace}`} (${remedy})`;
  }
}

function asJson({ firstMs, lastMs, ...rest }: Happening): object {
  return { ...rest, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString() };
}
