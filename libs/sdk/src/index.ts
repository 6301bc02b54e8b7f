// Controllers and admission webhooks in TypeScript: what a program that extends a cluster needs, and nothing of Berth's inside.
export { type Client, type Connection, findConnection, HttpClient, inClusterConnection, readKubeconfig } from '@berth/client';
export type { Action, Controller, EventDraft } from '@berth/controller';
export { isReason, type KindDefinition, type KubeObject, keyOf, type ObjectKey, type ObjectMeta, StatusError } from '@berth/machinery';
export { type Clock, jsonLogger, type Logger, standardErrorLines, systemClock } from '@berth/telemetry';
export * from './actions.ts';
export * from './admission/admission-server.ts';
export { allow, type Decision, deny, type Handler, type Mutation, mutating, type Review, validating } from './admission/handlers.ts';
export * from './custom-resource.ts';
export * from './define-controller.ts';
export * from './run.ts';
