// Kubernetes' kinds as Berth serves them: each a type and a definition of the same name, plus every nested type.

export * from './beta-kinds/index.ts';
export { podReadyText, podRestartsText, podStatusText } from './columns/pod-status.ts';
export { scaleColumns } from './columns/scale.ts';
export {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from './computed/access-reviews.ts';
export { SelfSubjectReview, TokenReview } from './computed/authentication-reviews.ts';
export { Binding } from './computed/binding.ts';
export { ComponentStatus } from './computed/component-status.ts';
export { Decision, type DecisionChange, type DecisionScore, type DecisionWay } from './computed/decision.ts';
export { Change, type ChangeField, Moment } from './computed/history.ts';
export { NodeMetrics, PodMetrics } from './computed/metrics.ts';
export { nextTime } from './cron/next-time.ts';
export { type CronSchedule, CronSyntaxError, parseCron } from './cron/schedule.ts';
export { isTimeZone } from './cron/time-zones.ts';
export { type CsiVolume, csiAttachmentName, csiUniqueName, csiVolumeNamed } from './csi-volume.ts';
export type { Converter } from './custom/conversion.ts';
export {
  type CustomKindOptions,
  type CustomKinds,
  compareVersions,
  establishedKinds,
  kindsVersion,
  type RuleValidator,
} from './custom/custom-kind.ts';
export { SchemaNode } from './custom/schema-node.ts';
export { hasFormat } from './custom/string-formats.ts';
export { imageTag } from './defaults/image.ts';
export { everyContainer } from './defaults/pod-spec.ts';
export { loadDescriptions } from './descriptions/load.ts';
export { decodeBase64, encodeBase64 } from './encoding/base64.ts';
export type { JSONSchemaProps } from './generated/apiextensions-v1.types.ts';
export type { CertificateSigningRequestCondition } from './generated/certificates-v1.types.ts';
export { type ChangedObject, type ChangeType, type DescribedChange, describeChange } from './history/describe-change.ts';
export { portableObject, type Today, takenByServices } from './history/portable.ts';
export { installedRegistry, serviceServingSigner } from './image-registry.ts';
export { type BackendProblem, type IngressBackendPort, ingressBackendPort } from './ingress/backend-port.ts';
export { ingressClassName, ingressController, ingressPortsAnnotation, isServed } from './ingress/ingress-class.ts';
export {
  type IngressCertificateUse,
  type IngressConflict,
  type IngressDefault,
  type IngressRoute,
  type IngressRouting,
  ingressBackends,
  ingressRouting,
} from './ingress/routing.ts';
export { countIndexes, formatIndexes, type IndexInterval, includesIndex, parseIndexes } from './job-indexes.ts';
export { betaKinds, kinds, kindViews } from './kind-list.ts';
export * from './kinds/index.ts';
export { heldAddresses, loadBalancerHolders } from './load-balancer-holders.ts';
export {
  type DiskContent,
  type DiskFileSystem,
  type DiskSource,
  type DiskState,
  diskBytes,
  diskFileSystems,
  diskRefusalAnnotation,
  diskSizeAnnotation,
  diskSourceAnnotation,
  diskStateAnnotation,
  isDiskDue,
  type LocalDisk,
  localDisk,
  localProvisioner,
  localVolumeFinalizer,
  mountOptionProblem,
  provisionedByAnnotation,
  volumeFileSystemsAnnotation,
  volumesCapacityAnnotation,
} from './local-disks.ts';
export { mirrorAnnotation, mirrorPodRefusal } from './mirror-pods.ts';
export {
  mergedNameServers,
  NameServerError,
  nameServerConfigMap,
  nameServerConfigMaps,
  readNameServers,
  stubDomainsMax,
} from './name-servers/name-servers.ts';
export type { NameServerReading, NameServerSettings, StubDomain } from './name-servers/settings.ts';
export { hasEnded, isTerminal } from './pod-phase.ts';
export { podReferences } from './pod-references.ts';
export { type PodResourceClaim, podResourceClaims } from './pod-resource-claims.ts';
export type { PodLike } from './pod-security/control.ts';
export { type LevelVersion, podSecurityViolations, violationDetails, violationReasons } from './pod-security/evaluate.ts';
export { compareLevels, levelVersionText, type PodSecurityPolicy, podSecurityPolicy } from './pod-security/policy.ts';
export { populateAnnotation } from './populate-annotation.ts';
export { type Amounts, amountsOf, containerTotals, podAmounts } from './quota/amounts.ts';
export { countedSpec } from './quota/counted.ts';
export { overdueAtMs } from './quota/overdue.ts';
export { isInScope } from './quota/scopes.ts';
export { totalUsage } from './quota/total.ts';
export { isQuotaNameOf, podUsage, quotaUsage } from './quota/usage.ts';
export { schemas } from './schemas.ts';
export { isHeadless, settleFamilies } from './service-addresses/families.ts';
export { formatIpv4, holdsHost, type Ipv4Range, ipv4Range, parseIpv4, parseIpv4Range } from './service-addresses/ipv4.ts';
export * from './service-addresses/service-addresses.ts';
export { snapshotDefinitions } from './snapshots/definitions.ts';
export { snapshotKindNamed } from './snapshots/kinds.ts';
export * from './snapshots/volume-snapshots.ts';
export { betaStorageClassAnnotation, storageClassNameOf } from './storage-class-name.ts';
export { localCondition } from './strategies/api-service.ts';
export { cleanupFinalizer, type DefinitionCondition, type DefinitionStatus, withConditions } from './strategies/custom-resource-cleanup.ts';
export { podGracePeriodSeconds } from './strategies/pod.ts';
export { type QosClass, qosClass } from './strategies/qos.ts';
export { needsHealthCheck, needsNodePorts } from './strategies/service.ts';
export { additionalOf, itemsOf, propertyOf } from './validation/custom-resource-definition/schema-shape.ts';
export { withVersions } from './validation/custom-resource-definition/versions-as-one.ts';
export { validateClaimTemplate, validateResourceClaim } from './validation/devices/claim.ts';
export { validateDeviceClass } from './validation/devices/class.ts';
export type { ExpressionCheck } from './validation/devices/selectors.ts';
export { subscript as fieldPathSubscript } from './validation/field-path.ts';
export { ipAddress, isIPv4, isIPv6 } from './validation/ip.ts';
export { validateMetadataParts } from './validation/metadata.ts';
export {
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  envVarName,
  labelValue,
  type NameCheck,
  qualified as qualifiedName,
} from './validation/names.ts';
export { containerShouldRestart } from './validation/restart-policy.ts';
export { EventsV1Event } from './views/event.ts';
export { AutoscalingV1HorizontalPodAutoscaler } from './views/horizontal-pod-autoscaler.ts';
export { foreignClaim, volumeClaimName, volumeClaimNames } from './volume-claims.ts';
export { volumeMountOptions } from './volume-mount-options.ts';
export { waitingToStart } from './waiting-to-start.ts';
