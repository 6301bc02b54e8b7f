// A WebSocket to the API, and all that comes over it until it is closed.
import { WebSocket } from 'ws';
import type { KubectlCluster } from './kubectl-cluster.ts';

export interface SocketRequest {
  path: string;
  protocols: string[];
  /** Of a browser's page, with HOST for the API's own. */
  origin?: string | undefined;
  userAgent?: string;
  /** An administrator's unless given; empty for none. */
  token?: string;
}

/** Rejects with the code of a refused handshake. */
export async function socketMessages(
  cluster: KubectlCluster,
  { path, protocols, origin, token, userAgent = 'Mozilla/5.0' }: SocketRequest,
): Promise<{ protocol: string; said: string[]; code: number }> {
  const { host, port } = cluster.controlPlane.address ?? { host: '', port: 0 };
  const bearer = token ?? (await cluster.token());
  const headers = {
    ...(bearer && { authorization: `Bearer ${bearer}` }),
    ...(origin && { origin: origin.replace('HOST', `${host}:${port}`), 'user-agent': userAgent }),
  };
  const socket = new WebSocket(`wss://${host}:${port}${path}`, protocols, { rejectUnauthorized: false, headers });
  const said: string[] = [];
  socket.on('message', (data) => said.push(String(data)));
  const code = await new Promise<number>((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => reject(new Error(String(response.statusCode))));
    socket.on('error', reject);
    socket.on('close', resolve);
  });
  return { protocol: socket.protocol, said, code };
}
