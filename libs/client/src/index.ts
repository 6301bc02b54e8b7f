export * from './client.ts';
export * from './event-names.ts';
export * from './event-recorder.ts';
export * from './http/http-client.ts';
export * from './http/kubeconfig.ts';
export * from './informer.ts';
export * from './retry.ts';
export * from './tokens.ts';
