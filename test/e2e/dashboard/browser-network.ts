// A network of a browser's own, with nothing in it but the way to one port of this machine: Chromium breaks off whatever is under way when
// its network gets an interface, as this machine's does with every new pod.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { pipeline } from 'node:stream';

export class BrowserNetwork {
  /** Starts the browser in this network. */
  readonly executablePath: string;
  /** Resolves once the browser can reach the port. */
  readonly ready: Promise<void>;
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(directory: string, executablePath: string, server: Server, sockets: Set<Socket>, ready: Promise<void>) {
    this.#directory = directory;
    this.executablePath = executablePath;
    this.#server = server;
    this.#sockets = sockets;
    this.ready = ready;
  }

  /** Must be closed, after the browser. @param port of 127.0.0.1, here and there */
  static async create(browserPath: string, port: number): Promise<BrowserNetwork> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-browser-'));
    const [path, script] = [join(directory, 'port.sock'), join(directory, 'browser')];
    const forward = `'${execPath}' '${join(import.meta.dirname, 'forward-port.ts')}' ${port} '${path}'`;
    const inside = `ip link set lo up; ${forward} & exec '${browserPath}' "$@"`;
    await writeFile(script, `#!/bin/sh\nexec unshare --net sh -c ${JSON.stringify(inside).replaceAll('$', '\\$')} sh "$@"\n`, {
      mode: 0o755,
    });
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const isOwner = sockets.size === 0;
      sockets.add(socket);
      if (isOwner) socket.once('data', () => resolve()).on('error', () => socket.destroy());
      else lead(socket, port);
    });
    await new Promise<void>((listening) => server.listen(path, listening));
    return new BrowserNetwork(directory, script, server, sockets, ready);
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** A server that is away, as tests have it be, ends the browser's connection. */
function lead(browser: Socket, port: number): void {
  const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const done = () => undefined;
  pipeline(browser, server, done);
  pipeline(server, browser, done);
}
