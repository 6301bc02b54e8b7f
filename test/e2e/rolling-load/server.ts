// A server as one should be behind a Service: asked to end, it answers what comes on the connections that it has, closing each with an answer,
// and takes no new ones. It runs in a pod, by the machine's own Node.
import { createServer } from 'node:http';
import { Server as NetServer } from 'node:net';
import { hostname } from 'node:os';

const port = 8080;
let isEnding = false;

const server = createServer({ keepAliveTimeout: 0 }, (_, response) => {
  if (isEnding) response.setHeader('connection', 'close');
  response.end(hostname());
});
// More connect at once than the usual queue of 511 takes.
server.listen({ port, backlog: 4_096 });
process.on('SIGTERM', () => {
  isEnding = true;
  // The HTTP server's own `close` would cut connections off on which a request may be under way.
  NetServer.prototype.close.call(server, () => process.exit());
});
