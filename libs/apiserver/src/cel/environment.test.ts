// CEL as Kubernetes evaluates it: what compiles, what it is worth, and that nothing takes long.
import { expect, test } from 'vitest';
import { Budget, budgetUnits } from './budget.ts';
import { ExpressionEnvironment } from './environment.ts';
import { celValue } from './values.ts';

const environment = new ExpressionEnvironment({ claims: 'map<string, dyn>' });
const claims = celValue({
  ...{ sub: 'u-1', email: 'Ann@Example.com', roles: ['dev', 'ops'], none: [], nothing: null, count: 3, ratio: 0.5, ok: true },
  ...{ nested: { deep: { key: 'value' }, 'a.b': 1 }, mixed: ['a', 1], text: 'a,b,,c', odd: 'Kelvin \u212a', pair: 'x\u{1f600}y' },
});
const withBindings = new ExpressionEnvironment({ claims: 'map<string, dyn>' }, { hasBindings: true });
const evaluate = (source: string) => environment.compile(source).evaluate({ claims }, new Budget());

test.each<[string, unknown]>([
  ['claims.sub + ":external"', 'u-1:external'],
  ['claims.roles', ['dev', 'ops']],
  ['claims.roles.map(role, "idp:" + role)', ['idp:dev', 'idp:ops']],
  ['claims.roles.filter(role, role != "ops")', ['dev']],
  ['claims.roles.exists(role, role == "ops") && claims.roles.all(role, role.size() == 3)', true],
  ['claims.?email_verified.orValue(true) == true', true],
  ['claims.?nested.?deep.?key.orValue("none")', 'value'],
  ['claims.?email.optMap(mail, mail + "!").orValue("none")', 'Ann@Example.com!'],
  ['claims.?absent.optMap(mail, mail + "!").orValue("none")', 'none'],
  ['claims.?nested.optFlatMap(n, n.?deep).hasValue()', true],
  ['has(claims.nothing) && !has(claims.absent) && claims.nothing == null', true],
  ['claims.nested["a.b"] + claims.count == 4', true],
  ['"key" in claims.nested.deep && "dev" in claims.roles', true],
  ['claims.ratio < 1.0 && claims.count > 2', true],
  ['claims.email.lowerAscii() + " " + claims.email.upperAscii()', 'ann@example.com ANN@EXAMPLE.COM'],
  ['claims.odd.lowerAscii()', 'kelvin \u212a'],
  ['claims.email.matches("(?i)^ann@.*\\\\.com$")', true],
  ['matches(claims.text, "^a,b") && !matches(claims.text, claims.sub)', true],
  ['claims.email.find("@.*$") + string(claims.text.findAll("[a-z]").size())', '@Example.com3'],
  ['claims.text.split(",").join("/") + claims.text.split(",", 2)[1]', 'a/b//cb,,c'],
  ['claims.none.join(",") + "  x ".trim() + "abc".charAt(1) + "abcabc".replace("b", "-", 1)', 'xba-cabc'],
  ['claims.pair.size() == 3 && claims.pair.substring(2) == "y" && claims.pair.indexOf("y") == 2', true],
  ['"abcab".lastIndexOf("ab") == 3 && "abcab".lastIndexOf("ab", 2) == 0 && "abc".indexOf("b", 2) == -1', true],
  ['claims.roles.indexOf("ops") == 1 && [3, 1, 2].max() == 3 && [3, 1, 2].min() == 1 && [1, 2].sum() == 3', true],
  ['["a", "b"].isSorted() && ![2, 1].isSorted()', true],
  ['sets.contains(claims.roles, ["dev"]) && sets.equivalent([1, 2, 2], [2, 1]) && !sets.intersects([1], [2])', true],
  [
    '"%s has %d of %.2f: %s %x %%".format([claims.sub, claims.count, claims.ratio, claims.roles, 255])',
    'u-1 has 3 of 0.50: [dev, ops] ff %',
  ],
  ['strings.quote("a\\n")', '"a\\n"'],
  ['[claims.sub, "none"].size() == 2', true],
  ['claims.absent == 1 || claims.ok', true],
  ['duration("1h30m") == duration("90m") && duration("-1.5s") < duration("0") && duration("1h").getMinutes() == 60', true],
  ['timestamp(0) + duration("36h") == timestamp("1970-01-02T12:00:00Z")', true],
  ['claims.count == 3 ? claims.sub : "other"', 'u-1'],
])('%s', (source, expected) => {
  expect(evaluate(source)).toEqual(expected);
});

test('cel.bind is there where it was asked for', () => {
  const source = 'cel.bind(name, claims.sub, name + name)';
  expect(withBindings.compile(source).evaluate({ claims }, new Budget())).toBe('u-1u-1');
  expect(() => environment.compile(source)).toThrow('Unknown variable: cel');
});

test.each<[string, unknown]>([
  ['optional.of(1) == optional.of(1) && optional.of(1) != optional.none() && claims.?absent == optional.none()', true],
  ['claims.?sub == optional.of("u-1") && optional.of([1]) == optional.of([1])', true],
  ['optional.ofNonZeroValue("a").value() + string(optional.ofNonZeroValue(0).hasValue())', 'afalse'],
  ['[optional.ofNonZeroValue([]), optional.ofNonZeroValue(claims.none)].all(x, !x.hasValue())', true],
  [
    'optional.ofNonZeroValue({}).hasValue() || optional.ofNonZeroValue(null).hasValue() || optional.ofNonZeroValue(uint(0)).hasValue()',
    false,
  ],
  ['optional.ofNonZeroValue(duration("0s")).hasValue() || optional.ofNonZeroValue(timestamp("0001-01-01T00:00:00Z")).hasValue()', false],
  ['optional.ofNonZeroValue(uint(1)).hasValue() && optional.ofNonZeroValue(timestamp(0)).hasValue()', true],
  ['timestamp(0) == null || duration("1s") == null || optional.of(1) == null || quantity("1") == null', false],
  [
    'string(timestamp(0)) + " " + string(duration("1h")) + " " + string(timestamp("2026-01-02T03:04:05.5Z"))',
    '1970-01-01T00:00:00Z 3600s 2026-01-02T03:04:05.5Z',
  ],
  ['int(timestamp(7)) + int(duration("2ns"))', 9n],
  ['"%d: %s %s".format([1, duration("90s"), timestamp(0)])', '1: 90s 1970-01-01T00:00:00Z'],
  ['[duration("1s"), duration("2s")].isSorted() && [timestamp(2), timestamp(1)].min() == timestamp(1)', true],
  ['[duration("1s"), duration("2s")].sum() == duration("3s") && [duration("1s")].indexOf(duration("1s")) == 0', true],
])('%s', (source, expected) => {
  expect(evaluate(source)).toEqual(expected);
});

test.each<[string, string]>([
  ['claims.absent', 'No such key: absent'],
  ['claims.constructor', 'No such key: constructor'],
  ['claims.roles[7]', 'index out of bounds'],
  ['claims.sub.substring(5)', 'index out of range: 5'],
  ['claims.sub.matches(claims.email + "(")', 'is no regular expression'],
  ['claims.mixed.join(",")', 'join() takes a list of strings'],
  ['claims.sub + 1', 'no such overload'],
  ['duration(claims.sub + "1")', 'is no duration'],
  ['"%d".format([claims.sub])', '%d cannot format this value'],
  ['claims.none.max()', 'max() called on an empty list'],
])('there is no value: %s', (source, message) => {
  const compiled = environment.compile(source);
  expect(() => compiled.evaluate({ claims }, new Budget())).toThrow(message);
});

const uncompiled: [string, string][] = [
  ['claims.', 'Expected IDENTIFIER, got EOF'],
  ['user.name', 'Unknown variable: user'],
  ['"a".matches(1)', "found no matching overload for 'string.matches(int)'"],
  ['claims.sub.matches("(?=a)")', 'is no regular expression'],
  ['duration("1 hour")', '"1 hour" is no duration'],
  ['1 + "a"', 'no such overload: int + string'],
  ['["a", 1]', "expected type 'string' but found 'int'"],
  ['{"a": 1, "b": "c"}.a', "expected type 'int' but found 'string'"],
  ['url("https://a").getUser()', 'found no matching overload'],
  [`"${'x'.repeat(10_000)}"`, 'is longer than 10000 characters'],
  [`${'('.repeat(200)}1${')'.repeat(200)}`, 'Exceeded maxDepth (100)'],
];

test.each(uncompiled.map(([source, message]) => [source.slice(0, 60), source, message] as const))(
  'it does not compile: %s',
  (_named, source, message) => {
    expect(() => environment.compile(source)).toThrow(message);
  },
);

test.each<[string, string]>([
  ['claims.sub == "a"', 'bool'],
  ['claims.sub', 'dyn'],
  ['claims.sub.split(",")', 'list<string>'],
  ['"a" + claims.sub', 'string'],
  ['claims.?sub', 'optional<dyn>'],
])('the type of %s is known before it is evaluated', (source, type) => {
  expect(environment.compile(source).type).toBe(type);
});

test('which fields an expression looks at', () => {
  const uses = (source: string) => environment.compile(source).uses('claims', 'email_verified');
  expect(uses('claims.email_verified')).toBe(true);
  expect(uses('[1].exists(x, has(claims.email_verified) || x == 2)')).toBe(true);
  expect(uses('claims.?email_verified.orValue(true)')).toBe(true);
  expect(uses('claims.nested.email_verified')).toBe(false);
  expect(uses('"email_verified" in claims')).toBe(false);
});

/** As much as fits into a token, three times over. */
const big = celValue({ list: Array.from({ length: 6_000 }, (_, index) => `${index}`), text: 'a'.repeat(12_000) });

const endless = [
  'claims.list.map(x, claims.list.map(y, claims.list.map(z, x + y + z)))',
  'claims.list.all(x, claims.list.all(y, claims.list.all(z, x != "never")))',
  'claims.list.exists(x, claims.list.exists(y, claims.list.exists(z, x == "never"))) || true',
  'claims.list.exists(x, claims.list.exists(y, x == "never")) ? "a" : "b"',
  'claims.list.all(x, claims.text.matches("(a|aa)+$"))',
  'claims.text.matches("(?:a?){500}a{500}")',
  'claims.list.exists(x, "a".matches(x + "{1000}b")) || true',
  'claims.list.exists(x, "a".matches(x + "(".replace("(", "(((((((((((((((((((("))) || true',
  'claims.list.map(x, claims.text.replace("a", claims.text))',
  'claims.text.replace("a", claims.text).replace("a", claims.text)',
  'claims.list.exists(x, timestamp(int(x)).getHours("Europe/Berlin") == 25)',
  'claims.list.filter(x, sets.contains(claims.list, claims.list))',
  '"%s".format([claims.list.map(x, claims.text)])',
  `${'cel.bind(x, x + x, '.repeat(40)}x${')'.repeat(40)}`.replace('(x, x + x', '(x, claims.text + claims.text'),
  `${'cel.bind(x, x + x, '.repeat(40)}x${')'.repeat(40)}`.replace('(x, x + x', '(x, claims.list + claims.list'),
];

test('of two errors the left one is told', () => {
  const failing = (source: string) => () => evaluate(source);
  expect(failing('claims.absent.contains(string([1, 2][7]))')).toThrow(/absent/);
  expect(failing('"a".contains(claims.absent) || [1, 2][7] == 1')).toThrow(/absent/);
  expect(failing('[claims.absent, claims.missing].size() > 0')).toThrow(/absent/);
  expect(failing('string(claims.absent) + claims.missing == ""')).toThrow(/absent/);
});

test.each(endless.map((source) => [source.slice(0, 60), source] as const))('it is ended when it takes too much: %s', (_named, source) => {
  const compiled = withBindings.compile(source);
  const budget = new Budget();
  const startMs = performance.now();
  expect(() => compiled.evaluate({ claims: big }, budget)).toThrow('the expression takes too much');
  // Hours if nothing ended it; far from what it takes, since other tests run beside this one.
  expect(performance.now() - startMs).toBeLessThan(5_000);
  expect(budget.isExhausted).toBe(true);
});

test('what one expression spends, the next cannot', () => {
  const compiled = environment.compile('claims.list.all(x, x != "")');
  const budget = new Budget(40_000);
  expect(compiled.evaluate({ claims: big }, budget)).toBe(true);
  expect(() => compiled.evaluate({ claims: big }, budget)).toThrow('takes too much');
  expect(compiled.evaluate({ claims: big }, new Budget(budgetUnits))).toBe(true);
});

test('what a token can hold is within the budget', () => {
  const sources = ['claims.list.filter(x, x != "a").map(x, "idp:" + x).size() == 6000', 'claims.text.matches("^a+$")'];
  const budget = new Budget();
  expect(sources.map((source) => environment.compile(source).evaluate({ claims: big }, budget))).toEqual([true, true]);
});

test('a long row of digits is no duration, and is so soon', () => {
  const digits = celValue({ text: '1'.repeat(12_000) });
  const startMs = performance.now();
  expect(() => environment.compile('duration(claims.text)').evaluate({ claims: digits }, new Budget())).toThrow('is no duration');
  expect(performance.now() - startMs).toBeLessThan(5_000);
});

test('JSON that is nested too deeply is no value', () => {
  expect(() => celValue(JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`))).toThrow('more than 100 levels');
});
