// What a name, key or value must look like. Each check returns the reasons why it does not, none if it does.
// Sources: RFC 1123, RFC 1035 and Kubernetes' object names.

/** Explains why a text is not acceptable; an empty list accepts it. */
export type NameCheck = (text: string) => string[];

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const subdomain1123 = `${label1123}(\\.${label1123})*`;
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const alphanumericEnds = 'must start and end with an alphanumeric character';

interface Pattern {
  source: string;
  matches: RegExp;
  rule: string;
  examples: string[];
}

function pattern(source: string, rule: string, ...examples: string[]): Pattern {
  return { source, matches: new RegExp(`^(?:${source})$`), rule, examples };
}

/** A rule with its examples and regular expression behind it, in Kubernetes' layout (which doubles a space). */
function explain({ source, rule, examples }: Pattern): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return examples.length > 0
    ? `${rule} (e.g. ${shown}regex used for validation is '${source}')`
    : `${rule} (regex used for validation is '${source}')`;
}

/** Kubernetes counts bytes everywhere, and says so of labels and their keys alone. */
type Unit = 'characters' | 'bytes';

function check(text: string, form: Pattern, bytesMax: number, unit: Unit = 'characters'): string[] {
  const reasons = text.length > bytesMax ? [tooLongReason(bytesMax, unit)] : [];
  // The expressions backtrack at most linearly, but a long text is already refused.
  if (text.length <= 4 * bytesMax && !form.matches.test(text)) reasons.push(explain(form));
  return reasons;
}

function tooLongReason(bytesMax: number, unit: Unit): string {
  return `must be no more than ${bytesMax} ${unit}`;
}

const label1123Form = pattern(
  label1123,
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and ${alphanumericEnds}`,
  'my-name',
  '123-abc',
);
const label1035Form = pattern(
  label1035,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  'my-name',
  'abc-123',
);
const subdomainForm = pattern(
  subdomain1123,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and ${alphanumericEnds}`,
  'example.com',
);
const underscoreLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const underscoreForm = pattern(
  `${underscoreLabel}(\\.${underscoreLabel})*`,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  'example.com',
);
const wildcardForm = pattern(
  `\\*\\.${subdomain1123}`,
  `a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character`,
  '*.example.com',
);
const qualifiedForm = pattern(
  qualifiedName,
  `must consist of alphanumeric characters, '-', '_' or '.', and ${alphanumericEnds}`,
  'MyName',
  'my.name',
  '123-abc',
);
const labelValueForm = pattern(
  `(${qualifiedName})?`,
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and ${alphanumericEnds}`,
  'MyValue',
  'my_value',
  '12345',
);
const configKeyForm = pattern(
  '[-._a-zA-Z0-9]+',
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  'key.name',
  'KEY_NAME',
  'key-name',
);
const httpHeaderForm = pattern('[-A-Za-z0-9]+', "a valid HTTP header must consist of alphanumeric characters or '-'", 'X-Header-Name');
const percentForm = pattern('[0-9]+%', "a valid percent string must be a numeric string followed by an ending '%'", '1%', '93%');

export const dnsLabel: NameCheck = (text) => {
  const reasons = check(text, label1123Form, 63);
  // A name of several labels is told so, however long.
  const isSubdomain = text.includes('.') && dnsSubdomain(text).length === 0;
  return isSubdomain ? [...reasons.filter((reason) => reason.startsWith('must be')), 'must not contain dots'] : reasons;
};
export const dns1035Label: NameCheck = (text) => check(text, label1035Form, 63);
export const dnsSubdomain: NameCheck = (text) => check(text, subdomainForm, 253);
/** What resolvers search in, which services of long ago have underscores in. */
/** The same where Kubernetes checks it by what is declared beside the field. */
export const longName: NameCheck = (text) => check(text, subdomainForm, 253, 'bytes');
export const dnsSubdomainWithUnderscore: NameCheck = (text) => check(text, underscoreForm, 253);
export const wildcardSubdomain: NameCheck = (text) => check(text, wildcardForm, 253);
export const labelValue: NameCheck = (text) => check(text, labelValueForm, 63, 'bytes');
export const httpHeaderName: NameCheck = (text) => check(text, httpHeaderForm, 8192);
export const percentage: NameCheck = (text) => check(text, percentForm, 32);

/** A label key, an annotation key, a finalizer: `name` or `example.com/name`. */
export const qualified: NameCheck = (text) => {
  const parts = text.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2) {
    return [`a valid label key ${explain(qualifiedForm)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const reasons: string[] = [];
  if (second !== undefined) {
    const prefixReasons = first === '' ? ['must be non-empty'] : check(first, subdomainForm, 253, 'bytes');
    reasons.push(...prefixReasons.map((reason) => `prefix part ${reason}`));
  }
  const name = second ?? first;
  const nameReasons = name === '' ? ['must be non-empty', explain(qualifiedForm)] : check(name, qualifiedForm, 63, 'bytes');
  return [...reasons, ...nameReasons.map((reason) => `name part ${reason}`)];
};

/** A key of a ConfigMap or Secret, which becomes a file name. */
export const configMapKey: NameCheck = (text) => {
  const reasons = check(text, configKeyForm, 253);
  if (text === '.') reasons.push("must not be '.'");
  else if (text === '..') reasons.push("must not be '..'");
  else if (text.startsWith('..')) reasons.push("must not start with '..'");
  return reasons;
};

export const envVarName: NameCheck = (text) => {
  if (text === '') return ['environment variable name must be non-empty'];
  return /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
};

export const portName: NameCheck = (text) => {
  const reasons: string[] = [];
  if (text.length > 15) reasons.push(tooLongReason(15, 'characters'));
  if (!/^[-a-z0-9]+$/.test(text)) reasons.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) reasons.push('must contain at least one letter (a-z)');
  if (text.includes('--')) reasons.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) reasons.push('must not begin or end with a hyphen');
  return reasons;
};

/** A name that must fit one segment of a URL path and nothing more. */
export const pathSegment: NameCheck = (text) => {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((part) => text.includes(part)).map((part) => `may not contain '${part}'`);
};

export function portNumber(port: number): string[] {
  return inRange(port, 1, 65535);
}

export function inRange(value: number, min: number, max: number): string[] {
  return Number.isInteger(value) && value >= min && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`];
}

/** A port by number or by the name of a container port. */
export function portNumberOrName(port: number | string): string[] {
  return typeof port === 'number' ? portNumber(port) : portName(port);
}

/** A uid or gid that Linux can represent. */
export function userId(id: number): string[] {
  return inRange(id, 0, 2147483647);
}
