// Spans from a tracer through the exporter to a collector, which reads them by descriptors of its own.
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import { seededRandom } from '../random.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import { SpanExporter } from './span-exporter.ts';
import { TraceCollector } from './trace-collector.ts';
import { parseTraceparent, podIds } from './trace-context.ts';
import { type FinishedSpan, Tracer } from './tracer.ts';
import { tracingConfiguration } from './tracing-configuration.ts';

function traced(endpoint: string, logger = silentLogger, samplingRatePerMillion = 1_000_000) {
  const clock = new SimulatedClock(1_700_000_000_000);
  const exporter = new SpanExporter({ endpoint, resource: { 'host.name': 'here' }, clock, logger });
  const finished = (span: FinishedSpan) => exporter.add(span);
  const tracer = new Tracer({ clock, random: seededRandom(1), service: 'apiserver', samplingRatePerMillion, finished });
  return { clock, exporter, tracer };
}

async function collector(answer?: object | Error): Promise<TraceCollector> {
  const started = await TraceCollector.start(answer);
  onTestFinished(() => started.stop());
  return started;
}

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');

test('spans reach a collector with all that they say', async () => {
  const { endpoint, received, spans } = await collector();
  const { clock, exporter, tracer } = traced(endpoint);
  const linked = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
  const outer = tracer.start('POST /api/v1/pods', {
    kind: 'server',
    links: [linked],
    attributes: { text: 'ü', yes: true, count: -3, share: 0.5 },
  });
  await clock.advance(20);
  tracer.as('kube-scheduler').record('schedulePod', 5, { parent: outer.context });
  outer.end('it broke');
  outer.end();
  await clock.advance(5_000);
  await exporter.stop();
  expect(spans()).toHaveLength(2);
  const [api, scheduler] = received[0]?.resource_spans.reverse() ?? [];
  const [span] = api?.scope_spans[0]?.spans ?? [];
  expect(api?.resource).toEqual({
    attributes: [
      { key: 'service.name', value: { s: 'apiserver' } },
      { key: 'host.name', value: { s: 'here' } },
    ],
  });
  expect(span).toEqual({
    trace_id: base64(outer.context.traceId),
    span_id: base64(outer.context.spanId),
    name: 'POST /api/v1/pods',
    kind: 2,
    start: '1700000000000000000',
    end: '1700000000020000000',
    attributes: [
      { key: 'text', value: { s: 'ü' } },
      { key: 'yes', value: { b: true } },
      { key: 'count', value: { i: '-3' } },
      { key: 'share', value: { d: 0.5 } },
    ],
    links: [{ trace_id: base64(linked.traceId), span_id: base64(linked.spanId) }],
    status: { message: 'it broke', code: 2 },
    flags: 1,
  });
  expect(scheduler?.scope_spans[0]?.spans).toMatchObject([
    { name: 'schedulePod', parent_span_id: base64(outer.context.spanId), start: '1700000000015000000' },
  ]);
});

test('what is left goes out at the end; a queue that is full takes no more', async () => {
  const { endpoint, spans } = await collector();
  const { exporter, tracer } = traced(endpoint);
  // None is sent before this turn of the event loop is over.
  for (let index = 0; index < 3_000; index++) tracer.record('span', 0);
  await exporter.stop();
  // Of those being sent there are 512 more than the queue holds.
  expect(spans()).toHaveLength(2_048 + 512);
});

test.each([
  ['refuses', async () => (await collector(Object.assign(new Error('full'), { code: 8 }))).endpoint],
  ['is not there', async () => '127.0.0.1:1'],
])(
  'a collector that %s costs its spans, is told of once, and nothing else',
  async (_, start) => {
    const said: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void said.push(message) };
    const { clock, exporter, tracer } = traced(await start(), logger);
    for (let round = 0; round < 2; round++) {
      tracer.record('span', 0);
      await clock.advance(5_000);
      await expect.poll(() => said.length, { timeout: 20_000 }).toBe(1);
    }
    await exporter.stop();
    expect(said).toEqual(['traces cannot be sent, and are lost until they can']);
  },
  30_000,
);

test('what a collector took not, it may say of a request that succeeded', async () => {
  const said: object[] = [];
  const logger = { ...silentLogger, warn: (_message: string, fields?: object) => void said.push(fields ?? {}) };
  const { endpoint } = await collector({ partial_success: { rejected_spans: 300, error_message: 'too old' } });
  const { exporter, tracer } = traced(endpoint, logger);
  tracer.record('span', 0);
  await exporter.stop();
  expect(said).toEqual([{ endpoint, rejectedSpans: 300, errorMessage: 'too old' }]);
});

test('so many of a million traces are sampled as is configured, those of pods too, and spans below follow', () => {
  const finished: FinishedSpan[] = [];
  const clock = new SimulatedClock(0);
  const ofRate = (samplingRatePerMillion: number) =>
    new Tracer({ clock, random: seededRandom(2), service: 's', samplingRatePerMillion, finished: (span) => finished.push(span) });
  const tracer = ofRate(100_000);
  for (let index = 0; index < 10_000; index++) tracer.record('root', 0);
  expect(finished.length).toBeGreaterThan(800);
  expect(finished.length).toBeLessThan(1_200);
  const random = seededRandom(3);
  const pods = Array.from({ length: 10_000 }, () => tracer.podContext(random.uuid())).filter(({ isSampled }) => isSampled);
  expect(pods.length).toBeGreaterThan(800);
  expect(pods.length).toBeLessThan(1_200);
  expect(ofRate(0).podContext('a').isSampled).toBe(false);
  expect(ofRate(1_000_000).start('all').context.isSampled).toBe(true);
  const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true };
  expect(ofRate(0).start('below', { parent }).context).toMatchObject({ traceId: parent.traceId, isSampled: true });
  expect(ofRate(1_000_000).start('below', { parent: { ...parent, isSampled: false } }).context.isSampled).toBe(false);
  expect(podIds('a')).toEqual(podIds('a'));
});

test.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02', false],
  ['cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be-like', true],
])('%s', (header, isSampled) => {
  expect(parseTraceparent(header)).toEqual({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', isSampled });
});

test.each([
  undefined,
  '',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
  'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
  '00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01',
])('no trace context: %s', (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\n';
test.each([
  ['', { endpoint: 'localhost:4317', samplingRatePerMillion: 0 }],
  ['endpoint: collector:4317\nsamplingRatePerMillion: 100', { endpoint: 'collector:4317', samplingRatePerMillion: 100 }],
  ['endpoint: unix:///run/otel.sock', { endpoint: 'unix:///run/otel.sock', samplingRatePerMillion: 0 }],
  ['endpoint: "[::1]:4317"', { endpoint: '[::1]:4317', samplingRatePerMillion: 0 }],
  ['endpoint: dns:///collector:4317', { endpoint: 'dns:///collector:4317', samplingRatePerMillion: 0 }],
])('a configuration: %s', (text, expected) => {
  expect(tracingConfiguration('f', head + text)).toEqual(expected);
});

test.each([
  [`${head}samplingRatePerMillion: -1`, 'f: samplingRatePerMillion: Invalid value: -1: sampling rate must be positive'],
  [`${head}samplingRatePerMillion: 1000001`, 'sampling rate per million must be less than or equal to one million'],
  [`${head}samplingRatePerMillion: many`, 'is not a whole number'],
  [`${head}endpoint: http://x:4317`, 'unsupported scheme: http.'],
  [`${head}endpoint: 3`, 'is not HOST:PORT'],
  [`${head}endpint: x`, 'unknown field "endpint"'],
  ['kind: TracingConfiguration', 'is not a TracingConfiguration of apiserver.config.k8s.io/v1'],
  ['- a', 'is not a TracingConfiguration'],
  ['a: [', 'not YAML'],
])('a configuration that cannot be used: %s', (text, message) => {
  expect(() => tracingConfiguration('f', text)).toThrow(message);
});
