export * from './encryption/encrypted-store.ts';
export { DecryptionError, type EncryptionKey, Keyring, secretBytes } from './encryption/keyring.ts';
export type { EtcdCredentials } from './etcd/connection.ts';
export * from './etcd/etcd-store.ts';
export * from './memory/memory-store.ts';
export { SortedKeys } from './sorted-keys.ts';
export { StoreFileError } from './sqlite/database.ts';
export * from './sqlite/sqlite-store.ts';
export * from './store.ts';
