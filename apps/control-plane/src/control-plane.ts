// One control plane from start to stop: store, API, HTTPS, then the other roles; backwards at the end. Also what tests start.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { betaKinds, kinds, kindViews } from '@berth/api';
import {
  Aggregation,
  ApiHttp,
  ApiMetrics,
  encryptionAtRest,
  FlowControl,
  FlowFeed,
  openAuditor,
  openProviders,
  TokenIssuer,
  YamlBodies,
} from '@berth/apiserver';
import { ApiServer, componentUsers } from '@berth/apiserver/core';
import { Tokens } from '@berth/client';
import { apiVersionOf } from '@berth/machinery';
import { advertisedAddress, authenticationData, keepKubeconfig, listensApart, openPki, type Pki } from '@berth/pki';
import type { Store } from '@berth/store';
import { logAcceptErrors, type Ports } from '@berth/telemetry';
import { openTracing } from '@berth/telemetry/tracing';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Registry } from 'prom-client';
import { appModule } from './app.module.ts';
import { makeBackup } from './backup/backup.ts';
import { listenForOperator, operatorSocketPath } from './backup/operator-socket.ts';
import { refuseHalfRestored } from './backup/restore.ts';
import type { ControlPlaneConfig } from './config.ts';
import { listenFurther } from './further-listener.ts';
import { type Address, freeAddress, HttpsAdapter, listenError } from './https-listener.ts';
import { KeptMetrics } from './kept-metrics.ts';
import { openStore } from './open-store.ts';
import { type RoleContext, Roles } from './roles.ts';
import { checkStateVersion } from './state-version.ts';

export interface ControlPlane {
  /** Where the API listens; undefined without the role `api`. */
  address: Address | undefined;
  kubeconfigPath: string;
  api: ApiServer;
  tokens: Tokens;
  /** What /metrics shows. */
  registry: Registry;
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  dashboardDirectory: string;
  /** Instead of the configured one; closed at the end all the same. */
  store?: Store;
}

/** @throws ListenError, or whatever keeps a part from starting; then nothing stays open. */
export async function startControlPlane(config: ControlPlaneConfig, ports: Ports, options: ControlPlaneOptions): Promise<ControlPlane> {
  const cleanups: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
  };
  try {
    return await start(config, ports, options, (cleanup) => cleanups.push(cleanup), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  given: ControlPlaneConfig,
  untraced: Ports,
  options: ControlPlaneOptions,
  onStop: (cleanup: () => Promise<void> | void) => void,
  stop: () => Promise<void>,
): Promise<ControlPlane> {
  const tracing =
    given.tracing && (await openTracing(given.tracing, untraced, { service: 'apiserver', resource: { 'host.name': hostname() } }));
  if (tracing) onStop(() => tracing.stop());
  const ports: Ports = { ...untraced, tracer: tracing?.tracer };
  const serves = given.roles.includes('api');
  // What clusters are told about the API's address must be true before it listens.
  const config = serves ? { ...given, apiAddress: await freeAddress(given.apiAddress, '--api-address') } : given;
  if (config.roles.includes('agents')) await freeAddress(config.gatewayAddress, '--gateway-address');
  refuseHalfRestored(config.dataDirectory);
  await checkStateVersion(config.dataDirectory);
  const pki = await openPki(config, ports);
  onStop(() => pki.stop());
  const inner = options.store ?? (await openStore(config.store, ports));
  onStop(() => inner.close());
  const encryption = await encryptionAtRest(inner, config.encryptionConfig ?? join(config.dataDirectory, 'encryption.yaml'), ports.logger);
  const { store } = encryption;
  const audit = config.audit && (await openAuditor(config.audit, ports));
  if (audit) onStop(() => audit.close());
  const identity = await openProviders(config, ports);
  onStop(() => identity.stop());
  const adapter = new HttpsAdapter(pki.apiServing, ports.clock);
  const parts = {
    ...ports,
    config,
    pki,
    store,
    auditor: audit?.auditor,
    identityVerifiers: identity.verifiers,
    kinds: [...kinds, ...betaKinds.filter((kind) => config.apiVersions.includes(apiVersionOf(kind))), ...kindViews],
    dashboardDirectory: options.dashboardDirectory,
  };
  const app = await NestFactory.create<NestFastifyApplication>(appModule(parts), adapter, {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  const api = app.get(ApiServer);
  const http = app.get(ApiHttp);
  const metrics = app.get(ApiMetrics);
  identity.follow((status) => metrics.authenticationReloaded(status, ports.clock.now()));
  await api.start({ advertised: advertisedAddress(config), authentication: authenticationData(pki) });
  onStop(() => api.stop());
  onStop(() => app.close());
  const yaml = app.get(YamlBodies);
  onStop(() => yaml.stop());
  onStop(() => http.stop());
  const flowFeed = new FlowFeed({ client: api.localClient(componentUsers.apiServer), flowControl: app.get(FlowControl), ...ports });
  onStop(() => flowFeed.stop());
  await flowFeed.start();
  const rewrapped = encryption.rewrap();
  onStop(() => {
    encryption.stop();
    return rewrapped;
  });
  const aggregation = app.get(Aggregation);
  if (serves) {
    onStop(() => aggregation.stop());
    await aggregation.start();
  }
  const tokens = app.get(Tokens);
  const address = serves ? await listen(app, adapter, http, config, ports) : undefined;
  if (address && config.advertiseAddress && listensApart(config)) onStop(await listenForPods(adapter, config.advertiseAddress));
  if (address) onStop(await keepKubeconfig(pki, { ...config, apiAddress: address }, ports));
  if (address) ports.logger.info('serving the Kubernetes API', { ...address, kubeconfig: pki.kubeconfigPath });
  if (serves) onStop(await serveOperator(config, inner, ports));
  const kept = app.get(KeptMetrics);
  if (serves) {
    onStop(() => kept.stop());
    kept.start();
  }
  const roles = new Roles(config.roles, roleContext(app, config, ports, pki));
  onStop(() => roles.stop());
  await roles.start();
  return { address, kubeconfigPath: pki.kubeconfigPath, api, tokens, registry: metrics.registry, stop };
}

async function listen(
  app: NestFastifyApplication,
  adapter: HttpsAdapter,
  http: ApiHttp,
  config: ControlPlaneConfig,
  ports: Ports,
): Promise<Address> {
  adapter.route(http);
  const { host, port } = config.apiAddress;
  try {
    await app.listen(port, host);
  } catch (error) {
    throw listenError(error, config.apiAddress, '--api-address');
  }
  logAcceptErrors(adapter.server, ports);
  const bound = adapter.server.address();
  return { host, port: bound !== null && typeof bound === 'object' ? bound.port : port };
}

async function listenForPods(adapter: HttpsAdapter, address: Address): Promise<() => Promise<void>> {
  try {
    return await listenFurther(adapter.server, address);
  } catch (error) {
    throw listenError(error, address, '--advertise-address');
  }
}

async function serveOperator(config: ControlPlaneConfig, store: Store, { clock, logger }: Ports): Promise<() => Promise<void>> {
  const backup = async (file: string) => {
    const made = await makeBackup(file, config, store, clock);
    logger.info('made a backup', { ...made });
    return made;
  };
  const path = operatorSocketPath(config.dataDirectory);
  try {
    return await listenForOperator(path, { backup }, logger);
  } catch (error) {
    // A cluster that runs is worth more than one that could be backed up.
    logger.error('no backup can be asked for: the socket for it cannot be opened', { path, error });
    return async () => undefined;
  }
}

function roleContext(app: NestFastifyApplication, config: ControlPlaneConfig, ports: Ports, pki: Pki): RoleContext {
  const api = app.get(ApiServer);
  return {
    ...ports,
    config,
    api,
    identity: { pki, tokens: app.get(Tokens), issuer: app.get(TokenIssuer) },
    registry: app.get(ApiMetrics).registry,
    clientFor: (user) => api.localClient(user),
    further: (namespace) => app.get(Aggregation).namespaces.of(namespace),
  };
}
