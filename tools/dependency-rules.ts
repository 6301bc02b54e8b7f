// Which folder may import which (DESIGN: dependencies point one way). `allowed` lists, for every library, the libraries it may
// import; what is not listed is forbidden.
import type { IForbiddenRuleType } from 'dependency-cruiser';

/** Library → libraries. */
const allowed: Record<string, string[]> = {
  machinery: [],
  api: ['machinery'],
  scheduling: ['api', 'machinery'],
  // Its tests make certificates.
  causes: ['api', 'machinery', 'testing'],
  telemetry: [],
  store: ['telemetry'],
  protocol: ['machinery', 'telemetry'],
  client: ['api', 'machinery', 'telemetry'],
  compose: ['api', 'machinery'],
  promql: [],
  'metric-history': ['promql', 'telemetry'],
  planning: ['api', 'client', 'machinery', 'scheduling'],
  controller: ['api', 'client', 'machinery', 'telemetry'],
  // Its tests make certificates.
  sdk: ['api', 'client', 'controller', 'machinery', 'telemetry', 'testing'],
  runtime: ['protocol', 'telemetry'],
  'state-metrics': ['api', 'machinery'],
  pki: ['api', 'telemetry', 'testing'],
  apiserver: ['api', 'client', 'controller', 'machinery', 'pki', 'protocol', 'store', 'telemetry'],
  controllers: ['api', 'apiserver', 'client', 'controller', 'machinery', 'pki', 'scheduling', 'telemetry'],
  gateway: ['api', 'apiserver', 'client', 'machinery', 'pki', 'protocol', 'telemetry'],
  scheduler: ['api', 'apiserver', 'client', 'machinery', 'scheduling', 'telemetry'],
  testing: ['api', 'client', 'controller', 'machinery', 'protocol', 'runtime', 'scheduling', 'store', 'telemetry'],
};

function libraryRule([library, others]: [string, string[]]): IForbiddenRuleType {
  const reachable = [library, ...others].join('|');
  return {
    name: `${library}-imports-only-${others.join('-') || 'itself'}`,
    severity: 'error',
    from: { path: `^libs/${library}/` },
    to: { path: '^(libs|apps|tools|test)/', pathNot: `^libs/(${reachable})/` },
  };
}

/** Within the API server: folder → folders. Types count too. */
const layers: Record<string, string[]> = {
  cel: [],
  core: ['cel'],
  encryption: ['core'],
  authentication: ['cel', 'core'],
  'flow-control': ['core'],
  audit: ['core'],
  documents: [],
  // By ports of these; HTTP knows nothing of it.
  aggregation: ['core', 'documents'],
  http: ['audit', 'authentication', 'core', 'documents', 'flow-control'],
};

function layerRule([folder, others]: [string, string[]]): IForbiddenRuleType {
  return {
    name: `apiserver-${folder}-knows-only-${others.join('-') || 'itself'}`,
    severity: 'error',
    from: { path: `^libs/apiserver/src/${folder}/`, pathNot: tests },
    to: { path: '^libs/apiserver/src/', pathNot: `^libs/apiserver/src/(${[folder, ...others].join('|')})/` },
  };
}

const pure = '^libs/(api|machinery|scheduling|causes|compose|promql)/';
const tests = '\\.test\\.ts$';

export const forbidden: IForbiddenRuleType[] = [
  ...Object.entries(allowed).map(libraryRule),
  ...Object.entries(layers).map(layerRule),
  {
    name: 'other-parts-know-the-index-of-the-core',
    severity: 'error',
    from: { path: '^libs/(controllers|gateway|scheduler)/' },
    to: { path: '^libs/apiserver/', pathNot: '^libs/apiserver/src/(core/index|testing)\\.ts$' },
  },
  { name: 'pure-libraries-use-no-platform', severity: 'error', from: { path: pure, pathNot: tests }, to: { dependencyTypes: ['core'] } },
  { name: 'apps-never-import-apps', severity: 'error', from: { path: '^apps/([^/]+)/' }, to: { path: '^apps/', pathNot: '^apps/$1/' } },
  { name: 'only-apps-use-nest', severity: 'error', from: { path: '^libs/' }, to: { path: 'node_modules/@nestjs/' } },
  {
    name: 'only-the-api-touches-the-store',
    severity: 'error',
    from: { path: '^apps/', pathNot: '^apps/control-plane/src/(backup/|open-store|app.module|control-plane)' },
    to: { path: '^libs/store/' },
  },
  {
    name: 'only-the-agent-touches-the-runtime',
    severity: 'error',
    from: { path: '^apps/', pathNot: '^apps/node-agent/' },
    // Archives are a format, which commands write too.
    to: { path: '^libs/runtime/', pathNot: '^libs/runtime/src/tar\\.ts$' },
  },
  // Types count too: files that know each other cannot be read apart.
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
];
