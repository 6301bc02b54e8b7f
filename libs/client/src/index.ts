export * from './client.ts';
export * from './informer.ts';
export * from './retry.ts';
