// What is counted of requests. Labels come from what this server has, not from what clients write, so that their number stays bounded.
import type { ApiServer } from '../core/api-server.ts';
import type { ServedRequest } from '../core/served-message.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { isLongRunning, type ParsedRequest } from './parsed-request.ts';
import { aggregatedLabels, type RequestLabels, requestLabels } from './request-labels.ts';
import type { Routes } from './routes.ts';

export interface RequestCountsOptions {
  api: ApiServer;
  routes: Routes;
  metrics: ApiMetrics;
}

export class RequestCounts {
  readonly #options: RequestCountsOptions;

  constructor(options: RequestCountsOptions) {
    this.#options = options;
  }

  /** @param durationMs undefined when it says nothing */
  done(request: ServedRequest, parsed: ParsedRequest | undefined, code: number, durationMs: number | undefined): void {
    const isLong = parsed !== undefined && isLongRunning(parsed);
    this.#options.metrics.requestDone(this.#labels(request, parsed), code, isLong ? undefined : durationMs);
  }

  /** Returns what to call when it ends. */
  longRunning(request: ServedRequest, parsed: ParsedRequest): () => void {
    return this.#options.metrics.longRunning(this.#labels(request, parsed));
  }

  #labels(request: ServedRequest, parsed: ParsedRequest | undefined): RequestLabels {
    const { routes, api } = this.#options;
    const other = parsed && routes.other(parsed.segments);
    if (other) return aggregatedLabels(request, parsed, other);
    const path = parsed?.path;
    const kind = path && api.kinds.resource(path.group, path.version, path.resource);
    return requestLabels(request, parsed, kind);
  }
}
