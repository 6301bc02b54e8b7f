// The registry that runs in the cluster (`berth registry install`): whether there is one, tokens for its clients, and the way to it for what
// comes through the API server. All of it is read from its objects at each request, so that it may come and go.
import { installedRegistry, Secret } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, StatusError } from '@berth/machinery';
import type { Clock, Random } from '@berth/telemetry';
import type { ApiServer } from '../../core/api-server.ts';
import type { User } from '../../core/types.ts';
import { FarRequest, secured } from '../../core/webhooks/index.ts';
import { noSuchPath } from '../responses.ts';
import type { Served } from '../routes.ts';
import { registryToken, registryTokenSeconds } from './registry-token.ts';
import { accessFor, callsOf, type RegistryAccess, scopesOf } from './token-scopes.ts';

export interface InstalledRegistryOptions {
  client: Client;
  api: Pick<ApiServer, 'isAllowed' | 'services'>;
  /** Of the cluster, PEM: who signed the registry's certificate. */
  authority: string;
  clock: Clock;
  random: Random;
}

export class InstalledRegistry {
  readonly #options: InstalledRegistryOptions;

  constructor(options: InstalledRegistryOptions) {
    this.#options = options;
  }

  async isThere(): Promise<boolean> {
    return (await this.#key()) !== undefined;
  }

  /** Answers a client that the registry has sent for a token. @throws StatusError before the first byte */
  async serveToken({ request, response, query, user, audit }: Served): Promise<void> {
    // Clients that POST at first ask again in this way.
    if (request.method !== 'GET') throw StatusError.methodNotAllowed('tokens of the registry are asked for with GET');
    const service = query.get('service');
    if (service !== null && service !== installedRegistry.host)
      throw StatusError.badRequest(`tokens are for the service ${installedRegistry.host}, not ${JSON.stringify(service)}`);
    const token = await this.#token(user, await this.#allowed(user, scopesOf(query.getAll('scope'))));
    const issuedAt = new Date(this.#options.clock.now()).toISOString();
    const body = JSON.stringify({ token, access_token: token, expires_in: registryTokenSeconds, issued_at: issuedAt });
    await audit?.started(200);
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body);
  }

  /** A request that its user may make: it takes the body. @throws StatusError where the registry cannot be reached */
  async request({ request, segments, query, user, signal }: Served, path: string, headers: FarRequestHeaders): Promise<FarRequest> {
    const { api, authority } = this.#options;
    const { namespace, service, port, host } = installedRegistry;
    const { method = 'GET' } = request;
    const token = await this.#token(user, accessFor(method, segments, query.get('from') ?? undefined));
    try {
      const { stream } = await api.services.connect(namespace, service, port, signal);
      const connection = await secured(stream, { ca: authority, serverName: host }, signal);
      const far = new FarRequest(connection, { method, path, headers: { ...headers, authorization: `Bearer ${token}` }, secure: false });
      if (signal.aborted) far.close();
      else signal.addEventListener('abort', () => far.close(), { once: true });
      return far;
    } catch (error) {
      const remedy = 'berth registry status says more';
      throw new StatusError(
        503,
        'ServiceUnavailable',
        `the registry in the cluster does not answer: ${(error as Error).message}; ${remedy}`,
      );
    }
  }

  async #allowed(user: User, asked: readonly RegistryAccess[]): Promise<RegistryAccess[]> {
    const granted: RegistryAccess[] = [];
    for (const access of asked) {
      const actions: string[] = [];
      for (const action of access.actions) {
        const calls = callsOf(access, action);
        const answers = await Promise.all(calls.map((call) => this.#options.api.isAllowed(user, call)));
        if (answers.every(({ allowed }) => allowed)) actions.push(action);
      }
      if (actions.length > 0) granted.push({ ...access, actions });
    }
    return granted;
  }

  async #token(user: User, access: RegistryAccess[]): Promise<string> {
    const key = await this.#key();
    if (key === undefined) throw noSuchPath();
    const { clock, random } = this.#options;
    return registryToken(key, { user: user.name, access, nowMs: clock.now(), id: random.uuid() });
  }

  /** PEM; undefined where no registry is installed. */
  async #key(): Promise<string | undefined> {
    const { namespace, tokenSecret: name } = installedRegistry;
    try {
      const { data } = await this.#options.client.get(Secret, { namespace, name });
      const key = data?.['tls.key'];
      return key === undefined ? undefined : Buffer.from(key, 'base64').toString('utf8');
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

type FarRequestHeaders = ConstructorParameters<typeof FarRequest>[1]['headers'];
