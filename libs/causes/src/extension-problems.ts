// What is wrong with what others add to the API: versions of groups that nobody answers for, and webhooks behind which nobody is.
import type { APIService, Service } from '@berth/api';
import { ageMs } from './age.ts';
import { apiServiceMark, discoveryMark, webhookMark } from './marks.ts';
import { readyPorts } from './more-problems.ts';
import type { Problem, ProblemKind } from './problem.ts';
import type { Known, WebhookConfiguration } from './why.ts';

/** Younger ones merely wait for what is applied beside them. */
const startingMs = 30_000;

export function apiServiceProblems(apiServices: APIService[], now: number): Problem[] {
  return apiServices.flatMap(({ metadata, spec, status }) => {
    const bad = status?.conditions?.find(({ type, status: is }) => type === 'Available' && is !== 'True');
    if (!bad || (ageMs(bad.lastTransitionTime, now) ?? startingMs) < startingMs) return [];
    const { name } = metadata;
    const { namespace, name: service } = spec?.service ?? {};
    const base = { kind: 'APIService' as const, name, severity: 'error' as const, group: `APIService/${name}` };
    const marks = { explains: [discoveryMark, apiServiceMark(spec?.group)], explainedBy: [`Service/${namespace}/${service}`] };
    const message = `nobody answers for ${spec?.group}/${spec?.version}: ${bad.message ?? ''}`;
    return [{ ...base, ...marks, reason: bad.reason ?? 'Unavailable', message, since: bad.lastTransitionTime }];
  });
}

type WebhookKind = Extract<ProblemKind, 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration'>;
type Observed = Pick<Known, 'validatingWebhooks' | 'mutatingWebhooks' | 'services' | 'endpointSlices'>;

/** Those whose services cannot answer. Of webhooks outside of the cluster only those who are refused tell. */
export function webhookProblems(observed: Observed, now: number): Problem[] {
  const ready = readyPorts(observed.endpointSlices);
  const services = new Map(observed.services.map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]));
  const of = (kind: WebhookKind, configuration: WebhookConfiguration): Problem[] => {
    const { name, creationTimestamp } = configuration.metadata;
    if ((ageMs(creationTimestamp, now) ?? startingMs) < startingMs) return [];
    const bad = (configuration.webhooks ?? []).flatMap((webhook) => {
      const fault = serviceFault(webhook.clientConfig.service, services, ready);
      return fault ? [{ ...fault, webhook }] : [];
    });
    const [first] = bad;
    if (!first) return [];
    const isRefusing = bad.some(({ webhook }) => webhook.failurePolicy !== 'Ignore');
    const effect = isRefusing ? 'what it is to judge is refused' : 'what it is to judge passes without it (failurePolicy: Ignore)';
    const marks = {
      explains: bad.map(({ webhook }) => webhookMark(webhook.name)),
      explainedBy: bad.map(({ service }) => `Service/${service}`),
    };
    const message = `its webhook ${first.webhook.name} cannot answer: ${first.message}; ${effect}`;
    const base = { kind, name, severity: isRefusing ? ('error' as const) : ('warning' as const), group: `${kind}/${name}` };
    return [{ ...base, ...marks, reason: first.reason, message }];
  };
  return [
    ...observed.validatingWebhooks.flatMap((one) => of('ValidatingWebhookConfiguration', one)),
    ...observed.mutatingWebhooks.flatMap((one) => of('MutatingWebhookConfiguration', one)),
  ];
}

interface ServiceReference {
  namespace: string;
  name: string;
  port?: number;
}

const defaultPort = 443;

function serviceFault(
  reference: ServiceReference | undefined,
  services: ReadonlyMap<string, Service>,
  ready: ReturnType<typeof readyPorts>,
): { reason: string; message: string; service: string } | undefined {
  if (!reference) return undefined;
  const key = `${reference.namespace}/${reference.name}`;
  const service = services.get(key);
  if (!service) return { reason: 'ServiceNotFound', message: `service ${key} does not exist`, service: key };
  if (service.spec?.type === 'ExternalName') return undefined;
  const wanted = reference.port ?? defaultPort;
  const port = (service.spec?.ports ?? []).find((one) => one.port === wanted);
  if (!port) return { reason: 'NoSuchPort', message: `service ${key} has no port ${wanted}`, service: key };
  if (ready.get(key)?.has(port.name ?? '')) return undefined;
  return { reason: 'NoEndpoints', message: `service ${key} has no endpoint that is ready`, service: key };
}
