// Whether this node's name server answers for the cluster, as pods ask it.
import { Resolver } from 'node:dns/promises';
import { error, type Outcome, ok } from './outcome.ts';

const name = 'kubernetes.default.svc.cluster.local';
const timeoutMs = 2_000;

export type Resolve = (server: string, name: string) => Promise<string[]>;

export const resolveBy: Resolve = (server, asked) => {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  resolver.setServers([server]);
  return resolver.resolve4(asked);
};

export async function nameServerOutcome(server: string, resolve: Resolve): Promise<Outcome> {
  const check = 'names: of the cluster';
  const remedy = `look whether the agent runs (berth status) and what has ${server}:53; then its log`;
  try {
    const addresses = await resolve(server, name);
    return ok(check, `${server} says that ${name} is ${addresses.join(', ')}`);
  } catch (failure) {
    const { code, message } = failure as NodeJS.ErrnoException;
    return error(check, `${server} does not say what ${name} is: ${code ?? message}`, remedy);
  }
}
