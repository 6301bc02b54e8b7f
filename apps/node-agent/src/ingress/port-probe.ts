// Whether another program listens on a port of this node. HAProxy would end with an error that names no remedy.
import { createServer } from 'node:net';

/** @throws when it cannot be found out, as without the right to listen there */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(new Error(`port ${port} cannot be listened on: ${error.message}`, { cause: error }));
    });
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
