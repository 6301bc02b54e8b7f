// Every nested API type under its Kubernetes name. Where two group versions share a name, core wins and the other
// group's types are reached through its namespace (`discoveryV1.EndpointPort`).

export type * as admissionV1 from './generated/admission-v1.types.ts';
export type * as admissionregistrationV1 from './generated/admissionregistration-v1.types.ts';
export type * as admissionregistrationV1beta1 from './generated/admissionregistration-v1beta1.types.ts';
export type * as apidiscoveryV2 from './generated/apidiscovery-v2.types.ts';
export type * as apiextensionsV1 from './generated/apiextensions-v1.types.ts';
export type * as apiregistrationV1 from './generated/apiregistration-v1.types.ts';
export type * from './generated/apps-v1.types.ts';
export type * as authenticationV1 from './generated/authentication-v1.types.ts';
export type * as authorizationV1 from './generated/authorization-v1.types.ts';
export type * as autoscalingV1 from './generated/autoscaling-v1.types.ts';
export type { Scale, ScaleSpec, ScaleStatus } from './generated/autoscaling-v1.types.ts';
export type * as autoscalingV2 from './generated/autoscaling-v2.types.ts';
export type * as batchV1 from './generated/batch-v1.types.ts';
export type * as certificatesV1 from './generated/certificates-v1.types.ts';
export type * from './generated/coordination-v1.types.ts';
export type * from './generated/core-v1.types.ts';
export type * as discoveryV1 from './generated/discovery-v1.types.ts';
export type { Endpoint, EndpointConditions, EndpointHints, EndpointSliceList } from './generated/discovery-v1.types.ts';
export type * as eventsV1 from './generated/events-v1.types.ts';
export type * as flowcontrolV1 from './generated/flowcontrol-v1.types.ts';
export type * from './generated/meta-v1.types.ts';
export type { Preconditions } from './generated/meta-v1.types.ts';
export type * as networkingV1 from './generated/networking-v1.types.ts';
export type * as nodeV1 from './generated/node-v1.types.ts';
export type * as policyV1 from './generated/policy-v1.types.ts';
export type { Eviction } from './generated/policy-v1.types.ts';
export type * as rbacV1 from './generated/rbac-v1.types.ts';
export type * as resourceV1 from './generated/resource-v1.types.ts';
export type * as schedulingV1 from './generated/scheduling-v1.types.ts';
export type * from './generated/storage-v1.types.ts';
