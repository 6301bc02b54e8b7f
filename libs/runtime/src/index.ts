export { EventFeed } from './event-feed.ts';
export { HollowRuntime, type HollowRuntimeOptions } from './hollow/hollow-runtime.ts';
export * from './runtime.ts';
