// Whom the proxy's workers run as: the user that HAProxy's package makes.
import { readFile } from 'node:fs/promises';

const name = 'haproxy';

/** Undefined where there is none: they stay what the agent is. */
export async function haproxyUser(file = '/etc/passwd'): Promise<string | undefined> {
  const users = await readFile(file, 'utf8');
  return users.split('\n').some((line) => line.startsWith(`${name}:`)) ? name : undefined;
}
