// decisions.scheduling.berth.io: what the scheduler decided of each pod, as it tells it. Where none runs in this process, and of pods
// that were decided on before it began, the answer says so: a pod without a decision is never merely absent.
import { Decision, Pod } from '@berth/api';
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { DecisionChanged, DecisionSource } from '../decision-source.ts';
import { erased } from '../kinds-by-name.ts';
import { computed, computedAnswer } from '../object-answer.ts';
import type { Reads } from '../reads.ts';
import type { Resource } from '../resource.ts';
import type { ServedKind } from '../resource-registry.ts';
import { type Selection, selectionOf } from '../selection.ts';
import type { Call, WatchSettings } from '../types.ts';
import { bookmarkItem, watchItem } from '../watch-events.ts';
import { WatchStream } from '../watch-stream.ts';

export interface DecisionPorts {
  reads: Pick<Reads, 'all'>;
  /** @throws StatusError when no scheduler runs in this process */
  source(): DecisionSource;
}

export function schedulingDecisions(ports: DecisionPorts): ServedKind {
  const { source } = ports;
  const resource: Resource = {
    get: async ({ namespace = '', name = '' }) => {
      const found = source().get(namespace, name);
      if (!found) throw await absent(ports, namespace, name);
      return computedAnswer(found, 200);
    },
    list: async ({ kind, namespace }, settings) => {
      const selection = selectionOf(kind, settings);
      const { version } = source();
      const found = source()
        .current(namespace)
        .filter((decision) => selection.matches(decision));
      return { entries: found.map(computed), resourceVersion: String(version) };
    },
    watch: async (call, settings) => watch(call, settings, source()),
  };
  return { kind: erased(Decision), resource };
}

async function absent({ reads, source }: DecisionPorts, namespace: string, name: string): Promise<StatusError> {
  const found = (await reads.all(erased(Pod), namespace)).find(({ object }) => object.metadata.name === name);
  const error = StatusError.notFound(erased(Decision), name);
  if (!found) return StatusError.from({ ...error.status, message: `${error.message}: there is no such pod` });
  return StatusError.from({ ...error.status, message: `${error.message}: ${undecided(found.object as Pod, source().since)}` });
}

function undecided({ spec }: Pod, since: string): string {
  if ((spec.schedulingGates?.length ?? 0) > 0) return `nothing is decided while the pod has spec.schedulingGates`;
  const { schedulerName = 'default-scheduler' } = spec;
  if (schedulerName !== 'default-scheduler') return `the pod is scheduled by ${JSON.stringify(schedulerName)}`;
  if (spec.nodeName) return `the pod got its node before this scheduler began, ${since}, or was made for it`;
  return 'the scheduler has not looked at the pod yet';
}

function watch({ kind, namespace }: Call, settings: WatchSettings, source: DecisionSource): WatchStream {
  const selection = selectionOf(kind, settings);
  let end = (): void => undefined;
  const stream = new WatchStream({
    ...{ selection, keyPrefix: '', bookmarks: false, after: 0 },
    initial: begin(kind, namespace, settings, selection, source),
    onEnd: () => end(),
  });
  end = source.onChange(({ type, decision }) => {
    if (namespace && decision.metadata.namespace !== namespace) return;
    if (selection.matches(decision)) stream.push(watchItem(type, computed(decision)));
  });
  return stream;
}

/** What is sent before anything changes. @throws StatusError Expired */
function begin(kind: KindDefinition, namespace: string | undefined, settings: WatchSettings, selection: Selection, source: DecisionSource) {
  const { resourceVersion = '', sendInitialEvents } = settings;
  const isFromNow = resourceVersion === '' || resourceVersion === '0';
  const found = isFromNow || sendInitialEvents ? source.current(namespace) : source.after(Number(resourceVersion), namespace);
  if (!found) throw StatusError.expired(`too old resource version: ${resourceVersion} (${source.version})`);
  if (isFromNow && sendInitialEvents === false) return [];
  const type: DecisionChanged['type'] = isFromNow || sendInitialEvents ? 'ADDED' : 'MODIFIED';
  const matching = found.filter((object: KubeObject) => selection.matches(object));
  const items = matching.map((decision) => watchItem(type, computed(decision)));
  return sendInitialEvents ? [...items, bookmarkItem(kind, source.version, true)] : items;
}
