import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { DnsMetrics } from './dns-metrics.ts';

it('counts questions, answers, what was kept and what others said', async () => {
  const registry = new Registry();
  const metrics = new DnsMetrics(registry);
  metrics.keeps(() => ({ success: 3, denial: 1 }));
  const about = { wire: 'udp' as const, queryBytes: 40, replyBytes: 90, seconds: 0.001 };
  metrics.answered({ ...about, type: 28, rcode: 3 });
  metrics.answered({ ...about, type: 4242, rcode: 0 });
  metrics.answered({ ...about, type: undefined, rcode: 1 });
  metrics.lookedUp('denial');
  metrics.lookedUp(undefined);
  metrics.forwarded(undefined, 2);
  metrics.refusedSettings();
  const text = await registry.metrics();
  for (const line of [
    'coredns_dns_requests_total{server="dns://:53",zone=".",proto="udp",family="1",type="AAAA"} 1',
    'coredns_dns_requests_total{server="dns://:53",zone=".",proto="udp",family="1",type="other"} 2',
    'coredns_dns_responses_total{server="dns://:53",zone=".",rcode="NXDOMAIN"} 1',
    'coredns_cache_hits_total{server="dns://:53",type="denial"} 1',
    'coredns_cache_misses_total{server="dns://:53"} 1',
    'coredns_cache_entries{server="dns://:53",type="success"} 3',
    'coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="SERVFAIL"} 1',
    'coredns_reload_failed_total 1',
    'coredns_dns_response_size_bytes_sum{server="dns://:53",zone=".",proto="udp"} 270',
  ])
    expect(text.split('\n'), line).toContain(line);
});
