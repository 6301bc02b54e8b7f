// Connections from the node to an address of its network, for whoever comes through a proxy. The node's own loopback is nobody else's.
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { StatusError } from '@berth/machinery';
import { isProxyableAddress } from '@berth/protocol';
import type { Clock } from '@berth/telemetry';

/** Sooner than whoever asked gives up. */
const connectTimeoutMs = 10_000;

export type Dial = (address: string, port: number) => Promise<Duplex>;

/** @throws StatusError BadRequest for an address that a proxy may not use, ServiceUnavailable when nothing answers there */
export async function dialProxied(dial: Dial, address: string, port: number): Promise<Duplex> {
  if (!isProxyableAddress(address)) throw StatusError.badRequest('address not allowed');
  try {
    return await dial(address, port);
  } catch (error) {
    throw new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${(error as Error).message}`);
  }
}

export function dialNetwork(clock: Clock): Dial {
  return (host, port) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, allowHalfOpen: true });
      const timer = clock.after(connectTimeoutMs, () => socket.destroy(new Error(`connect ETIMEDOUT ${host}:${port}`)));
      // Stays: the connection may break before anybody reads from it, who then finds it destroyed.
      socket.on('error', (error) => {
        timer.cancel();
        reject(error);
      });
      socket.once('connect', () => {
        timer.cancel();
        resolve(socket);
      });
    });
}
