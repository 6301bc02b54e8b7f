// What a build of an image is in the cluster, for its controller and for the command that asks for one.
export * from './build-failure.ts';
export * from './build-pod.ts';
export { type BuilderRequest, builderCommand, builderLabel, builderPod, keepSecondsDefault } from './builder-pod.ts';
export * from './builder-script.ts';
export * from './image-build-kind.ts';
export * from './image-name.ts';
