// HAProxy's own sockets: commands to the process that serves now, and its numbers.
import { request } from 'node:http';
import { connect } from 'node:net';

const timeoutMs = 10_000;
/** Some 100,000 servers. */
const answerBytesMax = 32 * 2 ** 20;

export interface RunningProxy {
  version: string;
  /** That it was configured to listen on. */
  ports: number[];
}

/** @param commands without line ends; one line each. @throws when nobody answers */
export function haproxyCommand(socketPath: string, commands: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = '';
    const fail = (error: Error) => {
      socket.destroy();
      reject(new Error(`haproxy does not answer on ${socketPath}: ${error.message}`, { cause: error }));
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`nothing came for ${timeoutMs} ms`)));
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      if (answer.length > answerBytesMax) fail(new Error(`more than ${answerBytesMax} bytes came`));
    });
    socket.on('error', fail);
    socket.on('end', () => resolve(answer));
    socket.end(`${commands.join(';')}\n`);
  });
}

/** What runs behind a socket; undefined where nothing does. */
export async function runningProxy(socketPath: string): Promise<RunningProxy | undefined> {
  const info = await haproxyCommand(socketPath, ['show info']).catch(() => undefined);
  const [, version, ports = ''] = /^description: "?([0-9a-f]+) ([\d,]*)"?$/m.exec(info ?? '') ?? [];
  return version === undefined ? undefined : { version, ports: ports.split(',').flatMap((port) => Number(port) || []) };
}

/** Of the process, its frontends and its backends, in the text format of Prometheus. */
export function haproxyMetrics(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics?scope=global&scope=frontend&scope=backend', timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > answerBytesMax) response.destroy(new Error(`more than ${answerBytesMax} bytes came`));
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`haproxy answered ${response.statusCode}`)),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error(`nothing came for ${timeoutMs} ms`)));
    asked.on('error', reject);
    asked.end();
  });
}
