export * from './memory/memory-store.ts';
export * from './store.ts';
