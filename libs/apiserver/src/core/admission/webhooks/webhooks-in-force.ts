// The webhooks of all configurations of one kind, compiled. Read from the watch cache, and made anew when a configuration changes.
import type { admissionregistrationV1 } from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { everything } from '../../selection.ts';
import type { WatchCache } from '../../watch-cache.ts';
import { MatchConditions, MatchCriteria } from '../matching/index.ts';

/** A validating webhook has nothing that a mutating one has not. */
export type Hook = admissionregistrationV1.MutatingWebhook;

export interface Webhook {
  hook: Hook;
  name: string;
  configuration: string;
  criteria: MatchCriteria;
  conditions: MatchConditions | undefined;
  /** Whether a call that fails is passed over. */
  failsOpen: boolean;
}

interface Configuration extends KubeObject {
  webhooks?: Hook[];
}

const none: readonly Webhook[] = [];

export class WebhooksInForce {
  readonly #cache: WatchCache;
  readonly #kind: KindDefinition;
  #current: { at: number; webhooks: readonly Webhook[] } | undefined;

  constructor(cache: WatchCache, kind: KindDefinition) {
    this.#cache = cache;
    this.#kind = kind;
  }

  /** By name of their configurations, and in the order in which they stand there. */
  current(): readonly Webhook[] {
    const configurations = this.#cache.of(this.#kind);
    if (configurations.size === 0) return none;
    const at = configurations.lastChange;
    if (this.#current?.at !== at) {
      const objects = Array.from(configurations.select(everything), ({ object }) => object as Configuration);
      this.#current = {
        at,
        webhooks: objects.flatMap(({ metadata, webhooks = [] }) => webhooks.map((hook) => compiled(metadata.name, hook))),
      };
    }
    return this.#current.webhooks;
  }
}

function compiled(configuration: string, hook: Hook): Webhook {
  const {
    name = '',
    namespaceSelector,
    objectSelector,
    rules,
    matchPolicy = 'Equivalent',
    failurePolicy = 'Fail',
    matchConditions = [],
  } = hook;
  return {
    hook,
    name,
    configuration,
    criteria: new MatchCriteria({
      ...(namespaceSelector && { namespaceSelector }),
      ...(objectSelector && { objectSelector }),
      resourceRules: rules ?? [],
      matchPolicy,
    }),
    conditions: matchConditions.length > 0 ? new MatchConditions(matchConditions, failurePolicy) : undefined,
    failsOpen: failurePolicy === 'Ignore',
  };
}
