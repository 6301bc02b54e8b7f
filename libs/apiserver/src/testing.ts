// For tests of other packages: an API server over a store in memory, and a server that extends an API.

export { apiService, type ExtensionServer, group, makeService, startExtensionServer } from './aggregation/extension-server.ts';
export { pod, service, serviceRange, startTestServer } from './core/test-server.ts';
