// How long the control plane's own certificates hold: all are renewed in time, unless something keeps them from it, and then somebody has
// to know before they end.
import type { Pki } from '@berth/pki';
import type { Clock } from '@berth/telemetry';
import { Gauge, type Registry } from 'prom-client';

type Certificates = {
  authority: { certificate: { notAfter: Date } };
} & Record<'apiServing' | 'gatewayServing', Pick<Pki['apiServing'], 'endsAtMs'>>;

export function measureCertificates(pki: Certificates, registry: Registry, clock: Pick<Clock, 'now'>): void {
  const ends = {
    'the authority of the cluster': () => pki.authority.certificate.notAfter.getTime(),
    'the API server': () => pki.apiServing.endsAtMs,
    'the gateway of nodes': () => pki.gatewayServing.endsAtMs,
  };
  new Gauge({
    name: 'berth_certificate_ttl_seconds',
    help: 'How long certificates of the control plane hold, in seconds.',
    labelNames: ['certificate'],
    registers: [registry],
    collect() {
      for (const [certificate, endsAtMs] of Object.entries(ends)) this.set({ certificate }, (endsAtMs() - clock.now()) / 1000);
    },
  });
}
