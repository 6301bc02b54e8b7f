// What an API server is made of and how it is configured.
import type { KindDefinition } from '@berth/machinery';
import type { Store } from '@berth/store';
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { Tracer } from '@berth/telemetry/tracing';
import type { Authorizer } from './authorizer.ts';
import type { TokenSigner } from './token-signer.ts';
import type { CoreMetrics } from './types.ts';
import type { WebhookClient } from './webhooks/index.ts';

export interface ApiServerOptions {
  store: Store;
  kinds: KindDefinition[];
  clock: Clock;
  random: Random;
  logger: Logger;
  config: ApiConfig;
  /** Default: nodes and roles decide. */
  authorizer?: Authorizer;
  metrics?: CoreMetrics;
  /** Signs service accounts' tokens. */
  tokens?: TokenSigner | undefined;
  /** Absent where nothing is traced. */
  tracer?: Tracer | undefined;
  webhooks?: Pick<WebhookClient, 'call'>;
}

export interface ApiConfig {
  serviceCidr: string;
  clusterDns: string;
  nodePortRange: { from: number; to: number };
  /** Names of admission plugins that are not to run. */
  disableAdmissionPlugins?: string[];
  /** What is off unless an operator turns it on. */
  featureGates?: FeatureGate[];
}

/** By Kubernetes' names. */
export const featureGates = ['MutatingAdmissionPolicy'] as const;
export type FeatureGate = (typeof featureGates)[number];
