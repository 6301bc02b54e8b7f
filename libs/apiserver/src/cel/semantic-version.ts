// Versions as semver.org orders them.

const numeric = '(?:0|[1-9]\\d*)';
const label = `(?:${numeric}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const pattern = new RegExp(
  `^(${numeric})\\.(${numeric})\\.(${numeric})(?:-(${label}(?:\\.${label})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const lengthMax = 256;

export class SemanticVersion {
  readonly numbers: readonly bigint[];
  readonly labels: readonly string[];

  constructor(numbers: readonly bigint[], labels: readonly string[]) {
    this.numbers = numbers;
    this.labels = labels;
  }

  /** Undefined for what is none. @param normalizes whether `v1.02` stands for `1.2.0` */
  static parse(text: string, normalizes = false): SemanticVersion | undefined {
    if (text.length > lengthMax) return undefined;
    const [, major, minor, patch, labels] = pattern.exec(normalizes ? normalized(text) : text) ?? [];
    if (major === undefined || minor === undefined || patch === undefined) return undefined;
    const numbers = [major, minor, patch].map(BigInt);
    if (numbers.some((number) => number >= 1n << 63n)) return undefined;
    return new SemanticVersion(numbers, labels?.split('.') ?? []);
  }

  /** -1, 0 or 1. */
  compare(other: SemanticVersion): number {
    for (const [i, number] of this.numbers.entries()) {
      const order = sign(number, other.numbers[i] ?? 0n);
      if (order !== 0) return order;
    }
    // A version comes behind those that lead up to it.
    if (this.labels.length === 0 || other.labels.length === 0) return sign(other.labels.length, this.labels.length);
    for (const [i, own] of this.labels.entries()) {
      const order = compareLabels(own, other.labels[i]);
      if (order !== 0) return order;
    }
    return sign(this.labels.length, other.labels.length);
  }
}

function sign<T extends bigint | number | string>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareLabels(own: string, other: string | undefined): number {
  if (other === undefined) return 1;
  const [isNumber, isOtherNumber] = [own, other].map((text) => /^\d+$/.test(text));
  if (isNumber && isOtherNumber) return sign(BigInt(own), BigInt(other));
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return sign(own, other);
}

function normalized(text: string): string {
  const [, numbers = '', rest = ''] = /^v?([\d.]*)(.*)$/s.exec(text) ?? [];
  const parts = numbers.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + rest;
}
