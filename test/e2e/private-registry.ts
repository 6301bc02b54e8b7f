// A registry that asks for a name and a password, in front of the cluster's own: for tests of private images.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PrivateRegistry extends AsyncDisposable {
  /** As its images are called. */
  host: string;
  /** The given one, under its name there. */
  image: string;
  /** How many it has answered. */
  requests(): number;
}

/** @param image of a registry on this machine, as `localhost:5055/NAME:TAG` */
export async function privateRegistry(image: string, username: string, password: string): Promise<PrivateRegistry> {
  const [behind = ''] = image.split('/');
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  let requests = 0;
  const server = createServer((asked, answer) => {
    requests++;
    if (asked.headers.authorization !== expected) {
      answer.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end();
      return;
    }
    const { authorization: _, ...headers } = asked.headers;
    const further = request(`http://${behind}${asked.url}`, { method: asked.method, headers: { ...headers, host: behind } }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    further.on('error', () => answer.destroy());
    asked.pipe(further);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  return {
    host,
    image: image.replace(behind, host),
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
