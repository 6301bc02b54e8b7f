// Whether a pod may use an image that is on the node already. One that was pulled with a pod's own credentials is given only to pods that
// hold the same credentials, or whose secret it was; others have to pull it themselves (Kubernetes' KubeletEnsureSecretPulledImages).

import type { ImageInfo } from '@berth/runtime';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';
import { fullReference, repositoryOf } from './image-name.ts';
import type { PullCredential } from './keyring.ts';
import type { PulledRecord, PullRecords, RecordedCredentials, RecordedSecret } from './pull-records.ts';
import type { VerificationPolicy } from './verification-policy.ts';

/** Secrets that are noted for an image beside the one that pulled it. */
const recordedSecretsMax = 100;

export interface ImageAccessDeps {
  records: PullRecords;
  policy: VerificationPolicy;
  listImages: () => Promise<ImageInfo[]>;
  clock: Clock;
  logger: Logger;
}

export class ImageAccess {
  readonly #deps: ImageAccessDeps;
  /** Pulls under way, by image. */
  readonly #underWay = new Map<string, number>();
  /** Reads and writes of records follow each other. */
  #queue: Promise<unknown> = Promise.resolve();
  #settled: Promise<void> | undefined;

  constructor(deps: ImageAccessDeps) {
    this.#deps = deps;
  }

  /** @param imageRef what the image is on this node @param credentials that the pod has */
  async mayUse(image: string, imageRef: string, credentials: PullCredential[]): Promise<boolean> {
    await this.#settle();
    return this.#inTurn(async () => {
      let record: PulledRecord | undefined;
      try {
        record = await this.#deps.records.get(imageRef);
        const isOurs = record !== undefined || this.#underWay.has(image) || (await this.#deps.records.hasIntent(image));
        if (!this.#deps.policy.verifies(repositoryOf(image), isOurs)) return true;
      } catch (error) {
        this.#deps.logger.warn('cannot read who pulled an image; it is pulled again', { image, error });
        return false;
      }
      const recorded = record?.credentialMapping[repositoryOf(image)];
      if (!record || !recorded) return false;
      if (recorded.nodePodsAccessible) return true;
      return this.#holdsRecorded(record, image, recorded.kubernetesSecrets ?? [], credentials);
    });
  }

  /** A pull begins: should nobody hear of its end, the image counts as pulled by unknown credentials. */
  async begun(image: string): Promise<void> {
    await this.#settle();
    await this.#inTurn(() => this.#deps.records.addIntent(image));
    this.#underWay.set(image, (this.#underWay.get(image) ?? 0) + 1);
  }

  /** @param credential absent: there were none, and nobody needs any */
  async pulled(image: string, imageRef: string, credential: PullCredential | undefined): Promise<void> {
    const recorded = credential?.secret ? { kubernetesSecrets: recordedSecret(credential) } : { nodePodsAccessible: true };
    // Where this fails, the intent stays, and the image is not taken for one that was brought by hand.
    await this.#inTurn(() => this.#merge(image, imageRef, recorded));
    await this.ended(image);
  }

  /** A pull is over. */
  async ended(image: string): Promise<void> {
    const others = (this.#underWay.get(image) ?? 1) - 1;
    if (others > 0) {
      this.#underWay.set(image, others);
      return;
    }
    await this.#inTurn(() => this.#deps.records.removeIntent(image));
    this.#underWay.delete(image);
  }

  /** Forgets images that are gone. @param sinceMs what was pulled since is not looked at */
  async prune(present: ReadonlySet<string>, sinceMs: number): Promise<void> {
    const { records } = this.#deps;
    await this.#inTurn(async () => {
      for (const { imageRef, lastUpdatedTime } of await records.all())
        if (!present.has(imageRef) && Date.parse(lastUpdatedTime) < sinceMs) await records.remove(imageRef);
    });
  }

  async #holdsRecorded(record: PulledRecord, image: string, recorded: RecordedSecret[], held: PullCredential[]): Promise<boolean> {
    const mayRecord = recorded.length < recordedSecretsMax;
    for (const own of held.flatMap(recordedSecret)) {
      const sameSecret = recorded.find(({ uid, namespace, name }) => uid === own.uid && namespace === own.namespace && name === own.name);
      const sameCredentials = recorded.some(({ credentialHash }) => credentialHash === own.credentialHash);
      if (!sameCredentials && !(sameSecret && mayRecord)) continue;
      // What it has now is good from now on, also once the other secret has other contents.
      if (mayRecord && sameSecret?.credentialHash !== own.credentialHash)
        await this.#merge(image, record.imageRef, { kubernetesSecrets: [own] });
      return true;
    }
    return false;
  }

  async #merge(image: string, imageRef: string, added: RecordedCredentials | undefined): Promise<void> {
    const { records, clock } = this.#deps;
    // One that cannot be read is written anew.
    const record = await records.get(imageRef).catch(() => undefined);
    const name = repositoryOf(image);
    const before = record?.credentialMapping[name];
    const after = added && merged(before, added);
    if (record && (!after || JSON.stringify(after) === JSON.stringify(before))) return;
    const credentialMapping = { ...record?.credentialMapping, ...(after && { [name]: after }) };
    await records.put({ imageRef, lastUpdatedTime: timestamp(clock), credentialMapping });
  }

  /** Once: images whose pulls an earlier agent began and did not see the end of. */
  #settle(): Promise<void> {
    this.#settled ??= this.#inTurn(() => this.#adoptInterrupted()).catch((error: unknown) => {
      this.#settled = undefined;
      throw error;
    });
    return this.#settled;
  }

  async #adoptInterrupted(): Promise<void> {
    const { records, listImages } = this.#deps;
    const intents = await records.intents();
    if (intents.length === 0) return;
    const images = await listImages();
    for (const image of intents) {
      const name = fullReference(image);
      const present = images.find(({ repoTags, repoDigests }) => repoTags.includes(name) || repoDigests.includes(name));
      if (!present) continue;
      await this.#merge(image, present.id, undefined);
      await records.removeIntent(image);
    }
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(task);
    // Whoever asked hears of it; those who follow are not concerned.
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

function recordedSecret({ secret, hash }: PullCredential): RecordedSecret[] {
  return secret ? [{ ...secret, credentialHash: hash }] : [];
}

function merged(before: RecordedCredentials | undefined, added: RecordedCredentials): RecordedCredentials {
  if (before?.nodePodsAccessible || added.nodePodsAccessible) return { nodePodsAccessible: true };
  const secrets = new Map<string, RecordedSecret>();
  const all = [...(before?.kubernetesSecrets ?? []), ...(added.kubernetesSecrets ?? [])];
  for (const one of all) secrets.set(JSON.stringify([one.namespace, one.name, one.uid]), one);
  return { kubernetesSecrets: [...secrets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one) };
}
