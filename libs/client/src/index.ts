export * from './client.ts';
export * from './event-recorder.ts';
export * from './informer.ts';
export * from './retry.ts';
