// Where the API is for a program in a pod, and as whom it asks: the service's address from the environment, the account's token and
// the authority beside it, as all clients find them (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Connection, readKubeconfig } from './kubeconfig.ts';

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Undefined outside of a pod. @param folder of the account's files */
export async function inClusterConnection(
  environment: Record<string, string | undefined>,
  folder = accountFolder,
): Promise<Connection | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  const tokenFile = join(folder, 'token');
  if (!host || !(await isThere(tokenFile))) return undefined;
  const certificateAuthority = await readFile(join(folder, 'ca.crt'), 'utf8');
  return { server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, certificateAuthority, tokenFile };
}

/** A pod's own cluster, or that of the kubeconfig that `KUBECONFIG` names, or that at its usual place. @throws KubeconfigError */
export async function findConnection(environment: Record<string, string | undefined>): Promise<Connection> {
  const inside = await inClusterConnection(environment);
  return inside ?? readKubeconfig(environment.KUBECONFIG || join(homedir(), '.kube', 'config'));
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    // Not there, or not readable: somebody else's.
    () => false,
  );
}
