// The image registry that `berth registry install` runs in the cluster: by what the API server, nodes and the command know it. Its place is fixed,
// since who could choose one would be asked for images by every node.

export const installedRegistry = {
  namespace: 'berth-registry',
  /** Also its Deployment. */
  service: 'registry',
  port: 443,
  /** As images begin with it; a name that pods resolve, and nodes know. */
  host: 'registry.berth-registry.svc',
  /** A Secret with the key that signs the tokens which the registry believes, as `tls.key`. */
  tokenSecret: 'registry-token-key',
  /** Of those tokens. */
  issuer: 'berth-api',
  /** Of the API server, where its clients get them; tokens of accounts are the passwords. */
  tokenPath: '/v2/token',
} as const;

/** Signs certificates of servers behind services. It approves nothing: whoever approves a request vouches for the addresses in it. */
export const serviceServingSigner = 'berth.io/service-serving';
