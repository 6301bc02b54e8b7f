// The types that Kubernetes adds to CEL: quantities, addresses, ranges, URLs and versions (k8s.io/apiserver, pkg/cel/library).
import { isQuantity, parseQuantity, Quantity } from '@berth/machinery';
import { IpAddress, IpRange } from './addresses.ts';
import type { Meter } from './budget.ts';
import { unitsOf } from './budget.ts';
import { ExpressionError } from './expression-error.ts';
import type { CelFunction } from './functions.ts';
import { RequestUrl } from './request-url.ts';
import { SemanticVersion } from './semantic-version.ts';

const nano = 1_000_000_000n;
const quantity = 'kubernetes.Quantity';
const address = 'net.IP';
const range = 'net.CIDR';
const url = 'kubernetes.URL';
const version = 'kubernetes.Semver';

/** What `ip` is in `ip.isCanonical(…)`. */
export class Ips {
  readonly name = 'ip';
}

export const kubernetesTypes = [
  { name: quantity, ctor: Quantity },
  { name: address, ctor: IpAddress },
  { name: range, ctor: IpRange },
  { name: url, ctor: RequestUrl },
  { name: version, ctor: SemanticVersion },
];

type Equality = [type: string, isEqual: (left: unknown, right: unknown) => boolean];

/** The library calls it with values of the type alone. */
function equality<T>(type: string, isEqual: (left: T, right: T) => boolean): Equality {
  return [type, (left, right) => isEqual(left as T, right as T)];
}

/** Which are one value though they are two objects. */
export const kubernetesEqualities: Equality[] = [
  equality<Quantity>(quantity, (left, right) => left.compare(right) === 0),
  equality<IpAddress>(address, (left, right) => left.family === right.family && left.value === right.value),
  equality<IpRange>(range, (left, right) => left.toString() === right.toString()),
  equality<RequestUrl>(url, (left, right) => JSON.stringify(left.parts) === JSON.stringify(right.parts)),
  equality<SemanticVersion>(version, (left, right) => left.compare(right) === 0),
];

export function kubernetesFunctions(meter: Meter): CelFunction[] {
  return [
    ...quantityFunctions(meter),
    ...addressFunctions(meter),
    ...rangeFunctions(meter),
    ...urlFunctions(meter),
    ...versionFunctions(meter),
  ];
}

/** Reads a text, which costs what it is long. @throws ExpressionError */
function reading<T>(meter: Meter, what: string, parse: (text: string) => T | undefined): (text: string) => T {
  return (text) => {
    meter.spend(unitsOf(text));
    const value = parse(text);
    if (value === undefined)
      throw new ExpressionError(`${what} parse error during conversion from string: ${JSON.stringify(text.slice(0, 100))}`);
    return value;
  };
}

function testing(meter: Meter, parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    meter.spend(unitsOf(text));
    return parse(text) !== undefined;
  };
}

const readQuantity = (text: string) => (isQuantity(text) ? parseQuantity(text) : undefined);

function quantityFunctions(meter: Meter): CelFunction[] {
  const whole = (value: bigint) => new Quantity(value * nano);
  const isInteger = ({ nanos }: Quantity) => nanos % nano === 0n && BigInt.asIntN(64, nanos / nano) === nanos / nano;
  return [
    [`quantity(string): ${quantity}`, reading(meter, 'quantity', readQuantity)],
    ['isQuantity(string): bool', testing(meter, readQuantity)],
    [`sign(${quantity}): int`, ({ nanos }: Quantity) => (nanos < 0n ? -1n : nanos > 0n ? 1n : 0n)],
    [`${quantity}.isGreaterThan(${quantity}): bool`, (left: Quantity, right: Quantity) => left.compare(right) > 0],
    [`${quantity}.isLessThan(${quantity}): bool`, (left: Quantity, right: Quantity) => left.compare(right) < 0],
    [`${quantity}.compareTo(${quantity}): int`, (left: Quantity, right: Quantity) => BigInt(left.compare(right))],
    [`${quantity}.asApproximateFloat(): double`, (value: Quantity) => value.toNumber()],
    [`${quantity}.isInteger(): bool`, isInteger],
    [
      `${quantity}.asInteger(): int`,
      (value: Quantity) => {
        if (!isInteger(value)) throw new ExpressionError('cannot convert value to integer');
        return value.nanos / nano;
      },
    ],
    [`${quantity}.add(${quantity}): ${quantity}`, (left: Quantity, right: Quantity) => left.add(right)],
    [`${quantity}.add(int): ${quantity}`, (left: Quantity, right: bigint) => left.add(whole(right))],
    [`${quantity}.sub(${quantity}): ${quantity}`, (left: Quantity, right: Quantity) => left.subtract(right)],
    [`${quantity}.sub(int): ${quantity}`, (left: Quantity, right: bigint) => left.subtract(whole(right))],
  ];
}

function addressFunctions(meter: Meter): CelFunction[] {
  const read = reading(meter, 'IP Address', IpAddress.parse);
  return [
    [`ip(string): ${address}`, read],
    ['isIP(string): bool', testing(meter, IpAddress.parse)],
    ['Ips.isCanonical(string): bool', (_ips: Ips, text: string) => read(text).toString() === text],
    [`string(${address}): string`, String],
    [`${address}.family(): int`, ({ family }: IpAddress) => BigInt(family)],
    ...(['isUnspecified', 'isLoopback', 'isLinkLocalMulticast', 'isLinkLocalUnicast', 'isGlobalUnicast'] as const).map(
      (name): CelFunction => [`${address}.${name}(): bool`, (value: IpAddress) => value[name]],
    ),
  ];
}

function rangeFunctions(meter: Meter): CelFunction[] {
  const read = reading(meter, 'network address', IpRange.parse);
  const readAddress = reading(meter, 'IP Address', IpAddress.parse);
  return [
    [`cidr(string): ${range}`, read],
    ['isCIDR(string): bool', testing(meter, IpRange.parse)],
    [`string(${range}): string`, String],
    [`${range}.containsIP(string): bool`, (of: IpRange, text: string) => of.contains(readAddress(text))],
    [`${range}.containsIP(${address}): bool`, (of: IpRange, inner: IpAddress) => of.contains(inner)],
    [`${range}.containsCIDR(string): bool`, (of: IpRange, text: string) => of.containsRange(read(text))],
    [`${range}.containsCIDR(${range}): bool`, (of: IpRange, inner: IpRange) => of.containsRange(inner)],
    [`${range}.ip(): ${address}`, (of: IpRange) => of.address],
    [`${range}.prefixLength(): int`, (of: IpRange) => BigInt(of.length)],
    [`${range}.masked(): ${range}`, (of: IpRange) => of.masked()],
  ];
}

function urlFunctions(meter: Meter): CelFunction[] {
  return [
    [`url(string): ${url}`, reading(meter, 'URL', RequestUrl.parse)],
    ['isURL(string): bool', testing(meter, RequestUrl.parse)],
    [`${url}.getScheme(): string`, ({ parts }: RequestUrl) => parts.scheme],
    [`${url}.getHost(): string`, ({ parts }: RequestUrl) => parts.host],
    [`${url}.getHostname(): string`, ({ hostname }: RequestUrl) => hostname],
    [`${url}.getPort(): string`, ({ port }: RequestUrl) => port],
    [`${url}.getEscapedPath(): string`, ({ escapedPath }: RequestUrl) => escapedPath],
    [
      `${url}.getQuery(): map<string, list<string>>`,
      (value: RequestUrl) => {
        meter.spend(unitsOf(value.parts.query));
        return value.queryValues();
      },
    ],
  ];
}

function versionFunctions(meter: Meter): CelFunction[] {
  const parse = (normalizes: boolean) => (text: string) => SemanticVersion.parse(text, normalizes);
  const [strict, lenient] = [reading(meter, 'version', parse(false)), reading(meter, 'version', parse(true))];
  const [isStrict, isLenient] = [testing(meter, parse(false)), testing(meter, parse(true))];
  return [
    [`semver(string): ${version}`, strict],
    [`semver(string, bool): ${version}`, (text: string, normalizes: boolean) => (normalizes ? lenient : strict)(text)],
    ['isSemver(string): bool', isStrict],
    ['isSemver(string, bool): bool', (text: string, normalizes: boolean) => (normalizes ? isLenient : isStrict)(text)],
    ...(['major', 'minor', 'patch'] as const).map(
      (name, i): CelFunction => [`${version}.${name}(): int`, ({ numbers }: SemanticVersion) => numbers[i]],
    ),
    [`${version}.isGreaterThan(${version}): bool`, (left: SemanticVersion, right: SemanticVersion) => left.compare(right) > 0],
    [`${version}.isLessThan(${version}): bool`, (left: SemanticVersion, right: SemanticVersion) => left.compare(right) < 0],
    [`${version}.compareTo(${version}): int`, (left: SemanticVersion, right: SemanticVersion) => BigInt(left.compare(right))],
  ];
}
