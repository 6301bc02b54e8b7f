// Runs in a browser's own network: leads a port of its loopback to a socket, behind which is the server. Ends with whoever has started it.
// forward-port.ts PORT SOCKET
import { connect, createServer } from 'node:net';
import { argv, exit } from 'node:process';
import { pipeline } from 'node:stream';

const [port = '', path = ''] = argv.slice(2);
const owner = connect(path, () => {
  createServer({ allowHalfOpen: true }, (browser) => {
    const server = connect({ path, allowHalfOpen: true });
    // A connection that breaks on one side breaks on the other, which is all that there is to say of it.
    const done = () => undefined;
    pipeline(browser, server, done);
    pipeline(server, browser, done);
  }).listen(Number(port), '127.0.0.1', () => owner.write('listening'));
});
owner.on('error', () => exit(1));
owner.on('close', () => exit(0));
