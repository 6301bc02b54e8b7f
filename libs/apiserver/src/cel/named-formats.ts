// Formats of strings that expressions know by name, as `format.dns1123Label().validate(text)` (k8s.io/apiserver,
// pkg/cel/library/format.go): what is wrong with a text, in the words of Kubernetes' validation, or nothing.
import { dns1035Label, dnsLabel, dnsSubdomain, hasFormat, labelValue, qualifiedName } from '@berth/api';
import { Optional } from '@marcbachmann/cel-js';
import { type Meter, unitsOf } from './budget.ts';
import type { CelFunction } from './functions.ts';
import { RequestUrl } from './request-url.ts';

const namedFormat = 'kubernetes.NamedFormat';
/** As often as a text is looked at for each of its characters. */
const passes = 4;

/** What `format` is in `format.named(…)`. */
export class Formats {
  readonly name = 'format';
}

export class NamedFormat {
  readonly name: string;
  readonly problems: (text: string) => string[];

  constructor(name: string, problems: (text: string) => string[]) {
    this.name = name;
    this.problems = problems;
  }
}

export const namedFormatType = { name: namedFormat, ctor: NamedFormat };

/** What somebody may go on with: a dash at the end is not yet wrong. */
const prefixOf = (check: (text: string) => string[]) => (text: string) =>
  check(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);
const unless = (format: string, problem: string) => (text: string) => (hasFormat(format, text) ? [] : [problem]);

const formats = new Map(
  Object.entries({
    dns1123Label: dnsLabel,
    dns1123Subdomain: dnsSubdomain,
    dns1035Label,
    qualifiedName,
    dns1123LabelPrefix: prefixOf(dnsLabel),
    dns1123SubdomainPrefix: prefixOf(dnsSubdomain),
    dns1035LabelPrefix: prefixOf(dns1035Label),
    labelValue,
    uri: (text: string) => (RequestUrl.parse(text) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`]),
    uuid: unless('uuid', 'does not match the UUID format'),
    byte: unless('byte', 'invalid base64'),
    date: unless('date', 'invalid date'),
    datetime: unless('datetime', 'invalid datetime'),
  }).map(([name, problems]) => [name, new NamedFormat(name, problems)]),
);

export function namedFormatFunctions(meter: Meter): CelFunction[] {
  const validate = ({ problems }: NamedFormat, text: string) => {
    meter.spend(unitsOf(text) * passes);
    const found = problems(text);
    return found.length > 0 ? Optional.of(found) : Optional.none();
  };
  return [
    [`Formats.named(string): optional<${namedFormat}>`, (_formats: Formats, name: string) => optional(formats.get(name))],
    ...Array.from(formats, ([name, format]): CelFunction => [`Formats.${name}(): ${namedFormat}`, () => format]),
    [`${namedFormat}.validate(string): optional<list<string>>`, validate],
  ];
}

function optional(value: unknown): Optional {
  return value === undefined ? Optional.none() : Optional.of(value);
}
