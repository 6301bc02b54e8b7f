// What every agent is sent of Ingresses: those of Berth's class, and the certificates that they name, of which nothing else of their Secrets
// goes along. An Ingress is written with its status, and agents are sent it only when what they serve by is another.
import { Ingress, IngressClass, ingressClassName, isServed, Secret } from '@berth/api';
import { deepEqual, type KubeObject } from '@berth/machinery';
import { servingPair } from '@berth/pki';
import type { IngressCertificate } from '@berth/protocol';
import type { Subscribe } from './subscribe.ts';

export class IngressView {
  readonly #share: (object: KubeObject, gone: boolean) => void;
  readonly #secret: (key: string) => Secret | undefined;
  readonly #ingresses = new Map<string, Ingress>();
  readonly #classes = new Map<string, IngressClass>();
  readonly #sentIngresses = new Map<string, Ingress>();
  readonly #sentCertificates = new Map<string, IngressCertificate>();
  /** Ingresses that are served, by the Secrets that they name, whether those exist or not. */
  readonly #usersOf = new Map<string, Set<string>>();

  /** @param secret by `namespace/name`, as it is when a change of it is notified */
  constructor(share: (object: KubeObject, gone: boolean) => void, secret: (key: string) => Secret | undefined) {
    this.#share = share;
    this.#secret = secret;
  }

  feed(subscribe: Subscribe): void {
    subscribe(IngressClass, (ingressClass, gone) => {
      const { name } = ingressClass.metadata;
      if (gone) this.#classes.delete(name);
      else this.#classes.set(name, ingressClass);
      for (const [key, ingress] of this.#ingresses) if (ingressClassName(ingress) === name) this.#consider(key, ingress);
    });
    subscribe(Ingress, (ingress, gone) => {
      const key = keyIn(ingress.metadata.namespace, ingress.metadata.name);
      if (gone) this.#ingresses.delete(key);
      else this.#ingresses.set(key, ingress);
      this.#consider(key, gone ? undefined : ingress);
    });
    subscribe(Secret, ({ metadata }) => {
      const key = keyIn(metadata.namespace, metadata.name);
      if (this.#usersOf.has(key)) this.#considerCertificate(key);
    });
  }

  #consider(key: string, ingress: Ingress | undefined): void {
    const before = this.#sentIngresses.get(key);
    const after = ingress && isServed(ingress, (name) => this.#classes.get(name)) ? ingressView(ingress, before) : undefined;
    if (after === before) return;
    if (after) this.#sentIngresses.set(key, after);
    else this.#sentIngresses.delete(key);
    const [uses, used] = [secretsOf(after), secretsOf(before)];
    for (const secret of uses) this.#usersOf.set(secret, (this.#usersOf.get(secret) ?? new Set()).add(key));
    for (const secret of used) if (!uses.has(secret)) this.#release(secret, key);
    // Certificates first, so that no host is served without the one that it has.
    for (const secret of new Set([...uses, ...used])) this.#considerCertificate(secret);
    const object = after ?? before;
    if (object) this.#share(object, after === undefined);
  }

  #release(secret: string, ingress: string): void {
    const users = this.#usersOf.get(secret);
    users?.delete(ingress);
    if (users?.size === 0) this.#usersOf.delete(secret);
  }

  #considerCertificate(key: string): void {
    const secret = this.#usersOf.has(key) ? this.#secret(key) : undefined;
    const before = this.#sentCertificates.get(key);
    const after = secret && certificateOf(secret);
    if (after) {
      this.#sentCertificates.set(key, after);
      this.#share(after, false);
    } else if (before) {
      this.#sentCertificates.delete(key);
      this.#share(before, true);
    }
  }
}

/** The same again when nothing that matters has changed. */
function ingressView({ apiVersion, kind, metadata, spec }: Ingress, before: Ingress | undefined): Ingress {
  const { name, namespace = '', uid = '', creationTimestamp = '', resourceVersion = '' } = metadata;
  const view: Ingress = { apiVersion, kind, metadata: { name, namespace, uid, creationTimestamp, resourceVersion }, spec };
  return before && before.metadata.uid === uid && deepEqual(before.spec, spec) ? before : view;
}

function certificateOf(secret: Secret): IngressCertificate | undefined {
  const { pair } = servingPair(secret);
  const { name, namespace = '', uid = '', resourceVersion = '' } = secret.metadata;
  const metadata = { name, namespace, uid, resourceVersion };
  return pair && { apiVersion: 'berth.io/v1', kind: 'IngressCertificate', metadata, spec: pair };
}

function secretsOf(ingress: Ingress | undefined): Set<string> {
  const names = (ingress?.spec.tls ?? []).flatMap(({ secretName }) => secretName || []);
  return new Set(names.map((name) => keyIn(ingress?.metadata.namespace, name)));
}

function keyIn(namespace = '', name: string): string {
  return `${namespace}/${name}`;
}
