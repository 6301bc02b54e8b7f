// Tracing of a process, once it is configured. What sends spans is loaded then and not before.
import type { Ports } from '../ports.ts';
import type { Attributes } from './tracer.ts';
import { Tracer } from './tracer.ts';
import type { TracingConfig } from './tracing-configuration.ts';

export interface Tracing {
  tracer: Tracer;
  /** Sends what is left. */
  stop(): Promise<void>;
}

/** @param service what spans of this process are shown under @param resource further of what is true of all its spans */
export async function openTracing(
  { endpoint, samplingRatePerMillion }: TracingConfig,
  { clock, random, logger }: Ports,
  { service, resource }: { service: string; resource: Attributes },
): Promise<Tracing> {
  const { SpanExporter } = await import('./span-exporter.ts');
  const exporter = new SpanExporter({ endpoint, resource, clock, logger });
  const tracer = new Tracer({ clock, random, service, samplingRatePerMillion, finished: (span) => exporter.add(span) });
  return { tracer, stop: () => exporter.stop() };
}
