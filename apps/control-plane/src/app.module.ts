// The NestJS application: every part as a provider, in the order in which they need each other. Dynamic modules with
// factories only, since the bundler emits no decorator metadata for Nest to inject by.

import { Node } from '@berth/api';
import {
  Aggregation,
  ApiHttp,
  ApiMetrics,
  type Auditor,
  Authenticator,
  createVerifiers,
  DashboardLogin,
  DashboardPaths,
  FixedPaths,
  FlowControl,
  ImageRegistryRequests,
  InstalledRegistry,
  type Monitoring,
  OtherServersRequests,
  PodLogs,
  PodStreams,
  ProxyRequests,
  ResourceRequests,
  Routes,
  type RoutesOptions,
  StaticFiles,
  TokenIssuer,
  type TokenVerifier,
  WatchSockets,
  YamlBodies,
} from '@berth/apiserver';
import { ApiServer, componentStatuses, componentUsers, tokenReviews } from '@berth/apiserver/core';
import { Tokens } from '@berth/client';
import type { KindDefinition } from '@berth/machinery';
import { advertisedAddress, authenticationData, type Pki } from '@berth/pki';
import { type ListObjects, stateMetrics } from '@berth/state-metrics';
import type { Store } from '@berth/store';
import type { Ports } from '@berth/telemetry';
import type { DynamicModule } from '@nestjs/common';
import { measureCertificates } from './certificate-metrics.ts';
import type { ControlPlaneConfig } from './config.ts';
import { KeptMetrics } from './kept-metrics.ts';

export interface AppParts extends Ports {
  config: ControlPlaneConfig;
  pki: Pki;
  store: Store;
  auditor?: Auditor | undefined;
  /** Of identity providers' tokens. */
  identityVerifiers: TokenVerifier[];
  kinds: KindDefinition[];
  /** The dashboard's built files. */
  dashboardDirectory: string;
}

export const PARTS = Symbol('parts');
/** Kinds that are served by what is outside of the core. */
const SERVED = Symbol('served kinds');

export class AppModule {}
class ApiModule {}
class OthersModule {}
class HttpModule {}
class PartsModule {}

export function appModule(parts: AppParts): DynamicModule {
  const given: DynamicModule = { module: PartsModule, providers: [{ provide: PARTS, useValue: parts }], exports: [PARTS] };
  const api = apiModule(given);
  const others = othersModule(given, api);
  return { module: AppModule, imports: [given, api, others, httpModule(given, api, others)] };
}

/** The core of the API: semantics without a wire. */
function apiModule(given: DynamicModule): DynamicModule {
  const server = {
    provide: ApiServer,
    inject: [PARTS, ApiMetrics, TokenIssuer],
    useFactory: ({ store, kinds, logger, config, ...ports }: AppParts, metrics: ApiMetrics, issuer: TokenIssuer) => {
      const { clock, random, tracer } = ports;
      const own = { clock, random, tracer, logger: logger.with({ role: 'api' }) };
      const api = new ApiServer({ ...own, store, kinds, config, metrics, tokens: issuer });
      metrics.watchRevision(() => api.revision);
      return api;
    },
  };
  const issuer = {
    provide: TokenIssuer,
    inject: [PARTS],
    useFactory: ({ config, pki, clock }: AppParts) =>
      new TokenIssuer({ keys: pki.accountKeys, issuer: config.serviceAccountIssuers[0] ?? '', audiences: config.apiAudiences, clock }),
  };
  const authenticator = {
    provide: Authenticator,
    inject: [PARTS, ApiServer, Tokens],
    useFactory: ({ config, pki, clock, logger, identityVerifiers }: AppParts, api: ApiServer, known: Tokens) => {
      const client = api.localClient(componentUsers.apiServer);
      const verifiers = createVerifiers({ ...config, accountKeys: pki.accountKeys, client, tokens: known, clock });
      return new Authenticator({
        verifiers: [...verifiers, ...identityVerifiers],
        audiences: config.apiAudiences,
        logger: logger.with({ role: 'api' }),
      });
    },
  };
  const tokens = {
    provide: Tokens,
    inject: [PARTS, ApiServer],
    useFactory: ({ clock, pki }: AppParts, api: ApiServer) =>
      new Tokens({ client: api.localClient(componentUsers.apiServer), clock, caFingerprint: pki.authority.fingerprint }),
  };
  const metrics = { provide: ApiMetrics, useFactory: () => new ApiMetrics() };
  const exports = [ApiServer, ApiMetrics, Authenticator, Tokens, TokenIssuer];
  return { module: ApiModule, imports: [given], providers: [metrics, issuer, server, tokens, authenticator], exports };
}

/** What the core does not answer itself: whose tokens are, how the parts are, and versions of the API that other servers answer for. */
function othersModule(given: DynamicModule, api: DynamicModule): DynamicModule {
  const yaml = { provide: YamlBodies, inject: [PARTS], useFactory: ({ clock }: AppParts) => new YamlBodies({ clock }) };
  const served = {
    provide: SERVED,
    inject: [PARTS, ApiServer, Authenticator],
    useFactory: ({ config }: AppParts, server: ApiServer, authenticator: Authenticator) =>
      server.serve((ports) => [
        tokenReviews(ports, (token, audiences) => authenticator.review(token, audiences)),
        componentStatuses({ roles: config.roles, storeAnswers: () => server.health.storeAnswers() }),
      ]),
  };
  const aggregation = {
    provide: Aggregation,
    // After all kinds of Berth itself are served.
    inject: [PARTS, ApiServer, ApiMetrics, SERVED],
    useFactory: ({ pki, clock, random, logger }: AppParts, server: ApiServer, metrics: ApiMetrics) => {
      const aggregation = new Aggregation({
        client: server.localClient(componentUsers.apiServer),
        connections: server.services,
        credentials: () => pki.frontProxy.credentials(),
        authentication: authenticationData(pki),
        kinds: server.kinds,
        registry: metrics.registry,
        clock,
        random,
        logger: logger.with({ role: 'api' }),
      });
      server.passTo(aggregation);
      return aggregation;
    },
  };
  const kept = {
    provide: KeptMetrics,
    inject: [PARTS, ApiServer, ApiMetrics],
    useFactory: ({ config, pki, clock, logger }: AppParts, server: ApiServer, { registry }: ApiMetrics) => {
      measureCertificates(pki, registry, clock);
      const { dataDirectory } = config;
      return new KeptMetrics({
        dataDirectory,
        api: server,
        registry,
        instance: addressOf(config),
        list: listObjects(server),
        clock,
        logger,
      });
    },
  };
  const exports = [Aggregation, YamlBodies, KeptMetrics];
  return { module: OthersModule, imports: [given, api], providers: [yaml, served, aggregation, kept], exports };
}

/** The wire: HTTPS, WebSocket, the dashboard's files. */
function httpModule(given: DynamicModule, api: DynamicModule, others: DynamicModule): DynamicModule {
  const http = {
    provide: ApiHttp,
    inject: [PARTS, ApiServer, ApiMetrics, Authenticator, TokenIssuer, FlowControl, YamlBodies, Aggregation, KeptMetrics],
    useFactory: (
      parts: AppParts,
      server: ApiServer,
      metrics: ApiMetrics,
      authenticator: Authenticator,
      issuer: TokenIssuer,
      flowControl: FlowControl,
      yaml: YamlBodies,
      aggregation: Aggregation,
      kept: KeptMetrics,
    ) => {
      const { clock, random, config, logger } = parts;
      const serverAddress = addressOf(config);
      const fixedPaths = new FixedPaths({
        api: server,
        metrics,
        serverAddress,
        issuer,
        further: aggregation,
        monitoring: monitoringOf(server, kept),
      });
      const imageRegistry = imageRegistryOf(parts, server);
      const routes = routesOf({ api: server, clock, random, yaml, fixedPaths, imageRegistry });
      return new ApiHttp({
        api: server,
        authenticator,
        routes,
        auditor: parts.auditor,
        flowControl,
        dashboard: new DashboardPaths(new StaticFiles(parts.dashboardDirectory), new DashboardLogin(config.dashboardLogin, clock)),
        metrics,
        clock,
        random,
        tracer: parts.tracer,
        logger: logger.with({ role: 'api' }),
      });
    },
  };
  const flowControl = {
    provide: FlowControl,
    inject: [PARTS, ApiMetrics],
    useFactory: ({ clock, config }: AppParts, metrics: ApiMetrics) =>
      new FlowControl({ clock, metrics: metrics.flow, seats: config.requestsInFlightMax }),
  };
  const exports = [ApiHttp, FlowControl];
  return { module: HttpModule, imports: [given, api, others], providers: [flowControl, http], exports };
}

function imageRegistryOf({ config, pki, clock, random }: AppParts, server: ApiServer): ImageRegistryRequests {
  const client = server.localClient(componentUsers.apiServer);
  const installed = new InstalledRegistry({ client, api: server, authority: pki.authority.pem, clock, random });
  return new ImageRegistryRequests({ given: config.imageRegistry, installed, api: server });
}

/** host:port, as others reach it. */
function addressOf(config: ControlPlaneConfig): string {
  const { address, port } = advertisedAddress(config) ?? { address: config.apiAddress.host, port: config.apiAddress.port };
  return `${address}:${port}`;
}

/** From the newest state that this server has in memory, which is what a scrape every few seconds is good for. */
function monitoringOf(server: ApiServer, kept: KeptMetrics): Monitoring {
  const list = listObjects(server);
  return {
    async *state() {
      for await (const piece of stateMetrics(list)) yield Buffer.from(piece);
    },
    nodeNames: async () => (await list(Node)).map(({ metadata }) => metadata.name),
    history: (path, parameters, signal) => kept.answer(path, parameters, signal),
  };
}

function listObjects(server: ApiServer): ListObjects {
  const client = server.localClient(componentUsers.apiServer);
  return async (kind) => (await client.list(kind, { resourceVersion: '0' })).items;
}

/** Who answers what. */
function routesOf({
  api,
  clock,
  random,
  yaml,
  fixedPaths,
  imageRegistry,
}: Pick<RoutesOptions, 'api' | 'fixedPaths' | 'imageRegistry'> & Pick<Ports, 'clock' | 'random'> & { yaml: YamlBodies }): Routes {
  const resources = new ResourceRequests({ api, clock, random, yaml });
  const podStreams = new PodStreams(api, clock);
  return new Routes({
    api,
    fixedPaths,
    resources,
    watchSockets: new WatchSockets(resources),
    streams: {
      log: new PodLogs(api),
      exec: podStreams,
      attach: podStreams,
      portforward: podStreams,
      proxy: new ProxyRequests(api, clock),
    },
    others: new OtherServersRequests(clock),
    imageRegistry,
  });
}
