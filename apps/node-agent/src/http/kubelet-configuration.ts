// The agent's settings as the KubeletConfiguration that a kubelet with the same ones would show at `/configz`. Only what the agent
// goes by is there.
import type { Welcome } from '@berth/protocol';
import { defaultLogRotation } from '@berth/runtime';
import { type EvictionSettings, shownBound } from '../eviction/thresholds.ts';
import type { ImageSettings } from '../images/image-settings.ts';
import type { NodeFacts } from '../node/node-object.ts';
import { lookEveryMs, reportEveryMs } from '../node/node-reporter.ts';
import type { LogFolders } from '../pods/log-folders.ts';

export interface KubeletSettings {
  facts: NodeFacts;
  logs: Pick<LogFolders, 'podsRoot'>;
  cgroupParent: string;
  eviction: EvictionSettings;
  images: ImageSettings;
  /** Absent until the control plane has spoken. */
  welcome: Welcome | undefined;
}

export function kubeletConfiguration({ facts, logs, cgroupParent, eviction, images, welcome }: KubeletSettings): object {
  return {
    kubeletconfig: {
      address: facts.nodeIp,
      authentication: { x509: {}, webhook: { enabled: true, cacheTTL: '0s' }, anonymous: { enabled: false } },
      authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '0s', cacheUnauthorizedTTL: '0s' } },
      rotateCertificates: true,
      ...(welcome && { clusterDomain: welcome.clusterDomain, clusterDNS: [welcome.clusterDns], podCIDR: welcome.podCidr }),
      cgroupRoot: cgroupParent,
      maxPods: facts.podsMax,
      evictionHard: stated(eviction, (graceMs) => graceMs === 0),
      evictionSoft: stated(eviction, (graceMs) => graceMs > 0),
      evictionPressureTransitionPeriod: `${eviction.transitionMs / 1000}s`,
      evictionMaxPodGracePeriod: eviction.maxPodGraceSeconds,
      nodeStatusUpdateFrequency: `${lookEveryMs / 1000}s`,
      nodeStatusReportFrequency: `${reportEveryMs / 1000}s`,
      podLogsDir: logs.podsRoot,
      containerLogMaxSize: `${defaultLogRotation.maxBytes / 2 ** 20}Mi`,
      containerLogMaxFiles: defaultLogRotation.maxFiles,
      serializeImagePulls: images.parallelPullsMax === 1,
      maxParallelImagePulls: images.parallelPullsMax,
      imageMinimumGCAge: `${images.collection.minimumAgeMs / 1000}s`,
      imageMaximumGCAge: `${images.collection.maximumAgeMs / 1000}s`,
      imageGCHighThresholdPercent: images.collection.highPercent,
      imageGCLowThresholdPercent: images.collection.lowPercent,
      nodeStatusMaxImages: images.statusImagesMax,
      imagePullCredentialsVerificationPolicy: images.verification.name,
      enableDebuggingHandlers: true,
    },
  };
}

/** As an operator states them; what pods use together follows from the node's own threshold. */
function stated({ thresholds }: EvictionSettings, isWanted: (graceMs: number) => boolean): Record<string, string> {
  const wanted = thresholds.filter(({ signal, graceMs }) => signal !== 'allocatableMemory.available' && isWanted(graceMs));
  return Object.fromEntries(wanted.map(({ signal, bound }) => [signal, shownBound(bound)]));
}
