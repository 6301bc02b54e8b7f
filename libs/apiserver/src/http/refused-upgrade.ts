// An answer in place of an upgrade: nothing writes it but this, as HTTP has let go of the connection already.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Status } from '@berth/machinery';

export function refuseUpgrade({ method }: IncomingMessage, socket: Duplex, status: Status): void {
  if (socket.destroyed) return;
  const body = JSON.stringify(status);
  const code = status.code ?? 500;
  const head = `HTTP/1.1 ${code} ${status.reason ?? 'Error'}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(method === 'HEAD' ? head : head + body);
}
