// A network of a browser's own, with nothing in it but the way to a few ports of this machine: Chromium breaks off whatever is under way when
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
  /** Resolves once the browser can reach the ports. */
  readonly ready: Promise<unknown>;
  readonly #directory: string;
  readonly #ways: Way[];

  private constructor(directory: string, executablePath: string, ways: Way[]) {
    this.#directory = directory;
    this.executablePath = executablePath;
    this.#ways = ways;
    this.ready = Promise.all(ways.map(({ ready }) => ready));
  }

  /** Must be closed, after the browser. @param ports of 127.0.0.1, here and there */
  static async create(browserPath: string, ports: number[]): Promise<BrowserNetwork> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-browser-'));
    const script = join(directory, 'browser');
    const pathOf = (port: number) => join(directory, `${port}.sock`);
    const forward = ports.map((port) => `'${execPath}' '${join(import.meta.dirname, 'forward-port.ts')}' ${port} '${pathOf(port)}' &`);
    const inside = `ip link set lo up; ${forward.join(' ')} exec '${browserPath}' "$@"`;
    await writeFile(script, `#!/bin/sh\nexec unshare --net sh -c ${JSON.stringify(inside).replaceAll('$', '\\$')} sh "$@"\n`, {
      mode: 0o755,
    });
    return new BrowserNetwork(directory, script, await Promise.all(ports.map((port) => openWay(port, pathOf(port)))));
  }

  async close(): Promise<void> {
    for (const { server, sockets } of this.#ways) {
      server.close();
      for (const socket of sockets) socket.destroy();
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

interface Way {
  server: Server;
  sockets: Set<Socket>;
  ready: Promise<void>;
}

async function openWay(port: number, path: string): Promise<Way> {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const isOwner = sockets.size === 0;
    sockets.add(socket);
    if (isOwner) socket.once('data', () => resolve()).on('error', () => socket.destroy());
    else lead(socket, port);
  });
  await new Promise<void>((listening) => server.listen(path, listening));
  return { server, sockets, ready };
}

/** A server that is away, as tests have it be, ends the browser's connection. */
function lead(browser: Socket, port: number): void {
  const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const done = () => undefined;
  pipeline(browser, server, done);
  pipeline(server, browser, done);
}
