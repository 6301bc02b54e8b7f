export { Containerd, type ContainerdOptions } from './cri/containerd.ts';
export { CriRuntime } from './cri/cri-runtime.ts';
export { type ReadLogsOptions, readLogs } from './cri/log-reader.ts';
export { defaultLogRotation, type LogRotation, rotatedFiles, rotateLog } from './cri/log-rotation.ts';
export { StreamingError } from './cri/streaming.ts';
export { EventFeed } from './event-feed.ts';
export { HollowRuntime, type HollowRuntimeOptions } from './hollow/hollow-runtime.ts';
export * from './runtime.ts';
