export { Containerd, type ContainerdOptions } from './cri/containerd.ts';
export { CriRuntime } from './cri/cri-runtime.ts';
export { EventFeed } from './event-feed.ts';
export { HollowRuntime, type HollowRuntimeOptions } from './hollow/hollow-runtime.ts';
export * from './runtime.ts';
