// Quantities (`100m`, `64Mi`, `1e3`): exact numbers with a suffix, in nanounits, with Kubernetes' canonical form
// (k8s.io/apimachinery/pkg/api/resource: no fractional digits, the largest suffix that loses nothing, family kept).

type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

const nano = 1_000_000_000n;
const decimalSuffixes: [string, bigint][] = [
  ['E', 10n ** 27n],
  ['P', 10n ** 24n],
  ['T', 10n ** 21n],
  ['G', 10n ** 18n],
  ['M', 10n ** 15n],
  ['k', 10n ** 12n],
  ['', nano],
  ['m', 1_000_000n],
  ['u', 1_000n],
  ['n', 1n],
];
const binarySuffixes: [string, bigint][] = [
  ['Ei', 2n ** 60n * nano],
  ['Pi', 2n ** 50n * nano],
  ['Ti', 2n ** 40n * nano],
  ['Gi', 2n ** 30n * nano],
  ['Mi', 2n ** 20n * nano],
  ['Ki', 2n ** 10n * nano],
];
const bySuffix = new Map([...decimalSuffixes, ...binarySuffixes]);
/** Kubernetes takes any, and is busy for minutes with some. */
const exponentMax = 400;
const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([A-Za-z]*))$/;

export class Quantity {
  /** Value × 10⁹. */
  readonly nanos: bigint;
  readonly format: Format;
  #text: string | undefined;

  constructor(nanos: bigint, format: Format = 'DecimalSI') {
    this.nanos = nanos;
    this.format = format;
  }

  compare(other: Quantity): number {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
  }

  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.nanos === 0n ? other.format : this.format);
  }

  subtract(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.format);
  }

  isZero(): boolean {
    return this.nanos === 0n;
  }

  /** The nearest number: digits beyond 2⁵³ are lost. */
  toNumber(): number {
    return this.nanos % nano === 0n ? Number(this.nanos / nano) : Number(this.nanos) / 1e9;
  }

  /** Thousandths, rounded up. */
  milliValue(): number {
    return Number(ceilDivide(this.nanos, 1_000_000n));
  }

  /** Away from zero. */
  roundedToMilli(): Quantity {
    const milli = 1_000_000n;
    const magnitude = ceilDivide(this.nanos < 0n ? -this.nanos : this.nanos, milli) * milli;
    return new Quantity(this.nanos < 0n ? -magnitude : magnitude, this.format);
  }

  /** Whole units, rounded up. */
  value(): number {
    return Number(this.wholeUnits());
  }

  /** The same, with all digits. */
  wholeUnits(): bigint {
    return ceilDivide(this.nanos, nano);
  }

  /** In canonical form. */
  toString(): string {
    this.#text ??= this.#canonical();
    return this.#text;
  }

  #canonical(): string {
    if (this.nanos === 0n) return '0';
    if (this.format === 'BinarySI') {
      // Binary suffixes start at 1Ki; below that, and for fractions, the decimal form is the exact one. Whole bytes that no
      // binary suffix fits stay bytes: 2000, not 2k.
      const magnitude = this.nanos < 0n ? -this.nanos : this.nanos;
      if (magnitude >= 1024n * nano) {
        for (const [suffix, unit] of binarySuffixes) if (this.nanos % unit === 0n) return `${this.nanos / unit}${suffix}`;
        if (this.nanos % nano === 0n) return `${this.nanos / nano}`;
      }
    }
    if (this.format === 'DecimalExponent') {
      const digits = `${this.nanos}`;
      const zeros = digits.length - digits.replace(/0+$/, '').length;
      const exponent = zeros - (zeros % 3);
      const rest = exponent === 0 ? digits : digits.slice(0, -exponent);
      return exponent === 9 ? rest : `${rest}e${exponent - 9}`;
    }
    for (const [suffix, unit] of decimalSuffixes) if (this.nanos % unit === 0n) return `${this.nanos / unit}${suffix}`;
    return '0';
  }
}

/** Quantities that were parsed lately, by their text: a cluster writes few different ones, over and over. */
const parsed = new Map<string, Quantity>();
const parsedMax = 1_000;

/** @throws RangeError for what is no quantity */
export function parseQuantity(input: string | number): Quantity {
  const quantity = readQuantity(String(input));
  if (typeof quantity === 'string') throw new RangeError(quantity);
  return quantity;
}

/** The quantity, or what is wrong with the text. */
function readQuantity(text: string): Quantity | string {
  const before = parsed.get(text);
  if (before) return before;
  const quantity = parseText(text);
  if (typeof quantity === 'string') return quantity;
  if (parsed.size >= parsedMax) parsed.clear();
  parsed.set(text, quantity);
  return quantity;
}

function parseText(text: string): Quantity | string {
  const match = text.length <= 64 ? pattern.exec(text) : null;
  if (!match) return `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`;
  const [, sign, digits = '', exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const power = exponent ? Number(exponent.slice(1)) : 0;
  const unit = exponent ? nano : bySuffix.get(suffix);
  if (unit === undefined || Math.abs(power) > exponentMax) return "unable to parse quantity's suffix";
  const format: Format = exponent ? 'DecimalExponent' : suffix.endsWith('i') ? 'BinarySI' : 'DecimalSI';
  // digits × unit × 10^power, rounded up (away from zero) to whole nanounits.
  const scaled = BigInt(`${whole}${fraction}` || '0') * unit * 10n ** BigInt(Math.max(power, 0));
  const magnitude = ceilDivide(scaled, 10n ** BigInt(fraction.length + Math.max(-power, 0)));
  return new Quantity(sign === '-' ? -magnitude : magnitude, format);
}

function ceilDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b > 0n ? quotient + 1n : quotient;
}

export function isQuantity(value: string | number): boolean {
  return typeof readQuantity(String(value)) !== 'string';
}
