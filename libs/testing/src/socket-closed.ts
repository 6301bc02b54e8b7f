// The end of a connection that the other side ends. A reset is an end as well: `once(socket, 'close')` would reject with the error that comes
// before it, which on a busy machine a test gets where a quiet one gives it a plain end.
import type { Duplex } from 'node:stream';

/** Resolves when the socket is closed, however; what it receives is thrown away unless somebody listens. */
export function socketClosed(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve());
    socket.resume();
  });
}
