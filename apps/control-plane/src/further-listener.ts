// A second address for the API's one HTTPS server: connections that arrive there are handed to it, and it does with them what it does with
// its own: certificates, limits, and their end when it closes.
import { createServer, type Server } from 'node:net';

/** @returns how to stop listening. @throws as `listen` does */
export function listenFurther(server: Server, address: { host: string; port: number }): Promise<() => Promise<void>> {
  const listener = createServer({ noDelay: true }, (socket) => server.emit('connection', socket));
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(address, () => {
      listener.removeListener('error', reject);
      // One connection that cannot be accepted is lost to its client alone.
      listener.on('error', () => undefined);
      resolve(() => new Promise<void>((closed) => listener.close(() => closed())));
    });
  });
}
