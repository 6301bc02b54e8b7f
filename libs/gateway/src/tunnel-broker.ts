// Matches the tunnels that the API asks for with the streams that agents open for them. Every request ends: with a tunnel,
// a refusal, a timeout, or the loss of the session that carried it.
import { StatusError } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import type { Clock, Timer } from '@berth/telemetry';

/** Requests waiting for their agent, over all nodes. */
const pendingMax = 1000;
const openTimeoutMs = 15_000;

interface Pending {
  nodeName: string;
  settle(outcome: Tunnel | StatusError): void;
}

export class TunnelBroker {
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param ask sends the request to the node; may throw. */
  open(tunnelId: string, nodeName: string, signal: AbortSignal | undefined, ask: () => void): Promise<Tunnel> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#pending.size >= pendingMax) {
      return Promise.reject(StatusError.tooManyRequests(`${pendingMax} tunnels wait for their nodes; try again later`, 1));
    }
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      let opened: Tunnel | undefined;
      const onAbort = () => {
        if (opened) opened.abort(new Error('the client went away'));
        else settle(StatusError.timeout('the request was cancelled before its node answered'));
      };
      const settle = (outcome: Tunnel | StatusError) => {
        timer?.cancel();
        this.#pending.delete(tunnelId);
        if (outcome instanceof StatusError) {
          signal?.removeEventListener('abort', onAbort);
          reject(outcome);
          return;
        }
        opened = outcome;
        void opened.finished.then(() => signal?.removeEventListener('abort', onAbort));
        resolve(opened);
      };
      timer = this.#clock.after(openTimeoutMs, () =>
        settle(StatusError.timeout(`node ${JSON.stringify(nodeName)} did not open a tunnel within ${openTimeoutMs / 1000} s`)),
      );
      this.#pending.set(tunnelId, { nodeName, settle });
      signal?.addEventListener('abort', onAbort, { once: true });
      ask();
    });
  }

  /** Whether this node was asked for this tunnel; others may not take it. */
  expects(tunnelId: string, nodeName: string): boolean {
    return this.#pending.get(tunnelId)?.nodeName === nodeName;
  }

  opened(tunnelId: string, nodeName: string, tunnel: Tunnel): void {
    if (this.expects(tunnelId, nodeName)) this.#pending.get(tunnelId)?.settle(tunnel);
    else tunnel.abort(new Error(`nobody waits for tunnel ${tunnelId}`));
  }

  refused(tunnelId: string, nodeName: string, code: number, message: string): void {
    if (this.expects(tunnelId, nodeName)) this.#pending.get(tunnelId)?.settle(refusal(code, message));
  }

  /** The node's session ended; its agent will not answer what was asked on it. */
  nodeLost(nodeName: string): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.nodeName === nodeName) pending.settle(notConnected(nodeName));
    }
  }
}

export function notConnected(nodeName: string): StatusError {
  return StatusError.unavailable(`node ${JSON.stringify(nodeName)} is not connected`, 5);
}

function refusal(code: number, message: string): StatusError {
  const reasons: Record<number, string> = {
    400: 'BadRequest',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    503: 'ServiceUnavailable',
  };
  const reason = reasons[code];
  return reason ? new StatusError(code, reason, message) : new StatusError(500, 'InternalError', message);
}
