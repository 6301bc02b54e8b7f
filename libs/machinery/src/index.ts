export * from './kind.ts';
export * from './object.ts';
export * from './schema.ts';
export * from './status.ts';
