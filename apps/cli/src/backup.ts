// `berth backup FILE`: asks the control plane of this machine, over a socket that only its administrator can open; the file is written by it.
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { join, resolve } from 'node:path';

const socketPathMax = 107;

export interface BackupAnswer {
  file: string;
  keys: number;
  files: number;
  bytes: number;
  revision: number;
}

/** As the control plane chooses it (apps/control-plane/src/backup/operator-socket.ts). */
function socketPath(dataDirectory: string): string {
  const own = join(resolve(dataDirectory), 'operator.sock');
  if (own.length <= socketPathMax) return own;
  return `/run/berth-${createHash('sha256').update(resolve(dataDirectory)).digest('hex').slice(0, 16)}.sock`;
}

/** @throws Error saying what is amiss; then there is no file */
export async function askForBackup(dataDirectory: string, file: string): Promise<BackupAnswer> {
  const socket = socketPath(dataDirectory);
  const body = JSON.stringify({ file: resolve(file) });
  const { code, text } = await post(socket, '/backup', body).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED') throw error;
    throw new Error(`no control plane runs on ${dataDirectory}: start it (berth server), or name its directory with --data-dir`, {
      cause: error,
    });
  });
  const answer = JSON.parse(text) as BackupAnswer & { message?: string };
  if (code !== 200) throw new Error(answer.message ?? `the control plane answered ${code}`);
  return answer;
}

function post(socketPath: string, path: string, body: string): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: 'POST', headers: { 'content-type': 'application/json' } }, async (response) => {
      let text = '';
      try {
        for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
        resolve({ code: response.statusCode ?? 0, text });
      } catch (error) {
        reject(error);
      }
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
