export type { EtcdCredentials } from './etcd/connection.ts';
export * from './etcd/etcd-store.ts';
export * from './memory/memory-store.ts';
export { StoreFileError } from './sqlite/database.ts';
export * from './sqlite/sqlite-store.ts';
export * from './store.ts';
