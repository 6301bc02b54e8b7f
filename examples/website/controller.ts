// Of each Website, a Deployment and a Service; by night, where a website says so, one replica. The plan is pure: what is observed and
// the time go in, and what is to be written comes out.
import { defineController, ensure, ensureStatus, owned, ownedBy, requeue, writes, writesStatus } from '@berth/sdk';
import { Deployment, Service } from '@berth/sdk/kinds';
import { Website } from './types.ts';

const hourMs = 3_600_000;

export const websiteController = defineController({
  name: 'website-controller',
  for: Website,
  inputs: [owned(Deployment), owned(Service)],
  outputs: [writes(Deployment), writes(Service), writesStatus(Website)],
  observe: (website, read) => ({ website, deployment: read.owned(Deployment, website)[0], service: read.owned(Service, website)[0] }),
  plan({ website, deployment, service }, now) {
    const { name, namespace } = website.metadata;
    const metadata = { name, namespace, ...ownedBy(website) };
    const labels = { website: name };
    const { image, replicas = 1, nightly } = website.spec;
    const containers = [{ name: 'web', image, ports: [{ containerPort: 8080 }] }];
    const spec = { replicas: isNight(nightly, now) ? Math.min(replicas, 1) : replicas, selector: { matchLabels: labels } };
    const { replicas: made = 0, readyReplicas = 0 } = deployment?.status ?? {};
    return [
      ...ensure(
        Deployment,
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata,
          spec: { ...spec, template: { metadata: { labels }, spec: { containers } } },
        },
        deployment,
      ),
      ...ensure(
        Service,
        { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
        service,
      ),
      ...ensureStatus(Website, website, { replicas: made, readyReplicas, address: `http://${name}.${namespace}/` }),
      ...(nightly ? [requeue(hourMs - (now % hourMs))] : []),
    ];
  },
});

function isNight(nightly: Website['spec']['nightly'], now: number): boolean {
  if (!nightly) return false;
  const hour = new Date(now).getUTCHours();
  const { from, until } = nightly;
  return from <= until ? hour >= from && hour < until : hour >= from || hour < until;
}
