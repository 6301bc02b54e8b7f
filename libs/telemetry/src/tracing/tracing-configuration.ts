// Where traces go and how many: Kubernetes' TracingConfiguration, as kube-apiserver reads it (kubernetes.io/docs, "Traces For Kubernetes
// System Components").
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { UsageError } from '../command-line/usage-error.ts';

export interface TracingConfig {
  /** As gRPC names it. */
  endpoint: string;
  /** 0: what others sample is, and nothing else. */
  samplingRatePerMillion: number;
}

export const tracingOptions = { 'tracing-config-file': { type: 'string' } } as const;
export const tracingUsage = `  --tracing-config-file FILE  a TracingConfiguration (apiserver.config.k8s.io/v1): where traces go, by OTLP over gRPC, and how many of a
                              million (default: no traces)`;

const defaultEndpoint = 'localhost:4317';
const versions = ['apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1beta1', 'apiserver.config.k8s.io/v1alpha1'];
const fields = ['apiVersion', 'kind', 'endpoint', 'samplingRatePerMillion'];

/** @throws UsageError naming the file, the field and what is wrong */
export function parseTracing(values: { 'tracing-config-file'?: string | undefined }): { tracing?: TracingConfig } {
  const file = values['tracing-config-file'];
  if (file === undefined) return {};
  return { tracing: tracingConfiguration(file, read(file)) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--tracing-config-file: cannot be read: ${(error as Error).message}`);
  }
}

export function tracingConfiguration(file: string, text: string): TracingConfig {
  const wrong = (problem: string) => new UsageError(`--tracing-config-file: ${file}: ${problem}`);
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw wrong(`not YAML: ${(error as Error).message}`);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw wrong('is not a TracingConfiguration');
  const given = document as Record<string, unknown>;
  if (given.kind !== 'TracingConfiguration' || !versions.includes(String(given.apiVersion)))
    throw wrong(`is not a TracingConfiguration of ${versions[0]}`);
  const unknown = Object.keys(given).find((name) => !fields.includes(name));
  if (unknown !== undefined) throw wrong(`unknown field ${JSON.stringify(unknown)}`);
  return { endpoint: endpointOf(given.endpoint, wrong), samplingRatePerMillion: rateOf(given.samplingRatePerMillion, wrong) };
}

type Wrong = (problem: string) => UsageError;

function endpointOf(endpoint: unknown, wrong: Wrong): string {
  if (endpoint === undefined || endpoint === null) return defaultEndpoint;
  if (typeof endpoint !== 'string' || endpoint === '')
    throw wrong(`endpoint: Invalid value: ${JSON.stringify(endpoint)}: is not HOST:PORT`);
  const scheme = /^([a-z][a-z0-9+.-]*):(?:\/\/|[^0-9])/i.exec(endpoint)?.[1];
  if (scheme === undefined || scheme === 'dns' || scheme === 'unix') return endpoint;
  // Of Linux' abstract sockets the gRPC library knows nothing.
  throw wrong(`endpoint: Invalid value: ${JSON.stringify(endpoint)}: unsupported scheme: ${scheme}.  Options are none, dns, or unix`);
}

function rateOf(rate: unknown, wrong: Wrong): number {
  if (rate === undefined || rate === null) return 0;
  const invalid = (problem: string) => wrong(`samplingRatePerMillion: Invalid value: ${JSON.stringify(rate)}: ${problem}`);
  if (typeof rate !== 'number' || !Number.isInteger(rate)) throw invalid('is not a whole number');
  if (rate < 0) throw invalid('sampling rate must be positive');
  if (rate > 1_000_000) throw invalid('sampling rate per million must be less than or equal to one million');
  return rate;
}
