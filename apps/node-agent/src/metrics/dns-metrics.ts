// What the node's name server is asked and answers, under the names of CoreDNS, whose place it takes.
// Names: https://coredns.io/plugins/metrics/, https://coredns.io/plugins/cache/, https://coredns.io/plugins/forward/, https://coredns.io/plugins/reload/
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Kept } from '../network/dns/cache.ts';
import type { DnsObserver } from '../network/dns/dns-server.ts';

/** Of RFC 1035 and RFC 6891, by number. */
const rcodeNames = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
/** Others are counted as `other`: who asks could make as many series as there are numbers. */
const types: Record<number, string> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
};
const server = 'dns://:53';
/** CoreDNS': 0.25 ms to 8.2 s. */
const durations = Array.from({ length: 16 }, (_, index) => 0.000_25 * 2 ** index);
const sizes = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3];

export class DnsMetrics implements DnsObserver {
  readonly #requests: Counter<'server' | 'zone' | 'proto' | 'family' | 'type'>;
  readonly #responses: Counter<'server' | 'zone' | 'rcode'>;
  readonly #duration: Histogram<'server' | 'zone'>;
  readonly #requestSize: Histogram<'server' | 'zone' | 'proto'>;
  readonly #responseSize: Histogram<'server' | 'zone' | 'proto'>;
  readonly #hits: Counter<'server' | 'type'>;
  readonly #misses: Counter<'server'>;
  readonly #forwards: Histogram<'proxy_name' | 'rcode'>;
  readonly #refused: Counter;

  #kept: () => Record<Kept, number> = () => ({ success: 0, denial: 0 });

  constructor(registry: Registry) {
    const kept = () => this.#kept();
    const registers = [registry];
    const ofAll = ['server', 'zone'] as const;
    this.#requests = new Counter({
      name: 'coredns_dns_requests_total',
      help: 'Questions.',
      labelNames: [...ofAll, 'proto', 'family', 'type'],
      registers,
    });
    this.#responses = new Counter({ name: 'coredns_dns_responses_total', help: 'Answers.', labelNames: [...ofAll, 'rcode'], registers });
    const sized = { labelNames: [...ofAll, 'proto'] as const, buckets: sizes, registers };
    this.#duration = new Histogram({
      name: 'coredns_dns_request_duration_seconds',
      help: 'Time to answer.',
      labelNames: ofAll,
      buckets: durations,
      registers,
    });
    this.#requestSize = new Histogram({ ...sized, name: 'coredns_dns_request_size_bytes', help: 'Sizes of questions.' });
    this.#responseSize = new Histogram({ ...sized, name: 'coredns_dns_response_size_bytes', help: 'Sizes of answers.' });
    const ofCache = ['server', 'type'] as const;
    this.#hits = new Counter({ name: 'coredns_cache_hits_total', help: 'Answers from what was kept.', labelNames: ofCache, registers });
    this.#misses = new Counter({ name: 'coredns_cache_misses_total', help: 'Questions for others.', labelNames: ['server'], registers });
    new Gauge({
      name: 'coredns_cache_entries',
      help: 'Answers that are kept.',
      labelNames: ofCache,
      registers,
      collect() {
        for (const [type, count] of Object.entries(kept())) this.set({ server, type }, count);
      },
    });
    this.#refused = new Counter({
      name: 'coredns_reload_failed_total',
      help: 'Configurations of name servers that could not be followed.',
      registers,
    });
    this.#forwards = new Histogram({
      name: 'coredns_proxy_request_duration_seconds',
      help: 'Time that others took to answer.',
      labelNames: ['proxy_name', 'rcode'],
      buckets: durations,
      registers,
    });
  }

  refusedSettings(): void {
    this.#refused.inc();
  }

  keeps(counts: () => Record<Kept, number>): void {
    this.#kept = counts;
  }

  answered({ wire, type = 0, queryBytes, replyBytes, rcode, seconds }: Parameters<DnsObserver['answered']>[0]): void {
    const of = { server, zone: '.' };
    this.#requests.inc({ ...of, proto: wire, family: '1', type: types[type] ?? 'other' });
    this.#responses.inc({ ...of, rcode: nameOf(rcode) });
    this.#duration.observe(of, seconds);
    this.#requestSize.observe({ ...of, proto: wire }, queryBytes);
    this.#responseSize.observe({ ...of, proto: wire }, replyBytes);
  }

  lookedUp(kept: Kept | undefined): void {
    if (kept) this.#hits.inc({ server, type: kept });
    else this.#misses.inc({ server });
  }

  forwarded(rcode: number | undefined, seconds: number): void {
    this.#forwards.observe({ proxy_name: 'forward', rcode: rcode === undefined ? 'SERVFAIL' : nameOf(rcode) }, seconds);
  }
}

function nameOf(rcode: number): string {
  return rcodeNames[rcode] ?? 'other';
}
