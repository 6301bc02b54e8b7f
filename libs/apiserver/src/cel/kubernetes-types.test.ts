// Quantities, addresses, ranges, URLs and versions in expressions, by the examples that Kubernetes documents.
import { expect, test } from 'vitest';
import { Budget } from './budget.ts';
import { ExpressionEnvironment } from './environment.ts';
import { celValue } from './values.ts';

const environment = new ExpressionEnvironment({ object: 'dyn' });
const object = celValue({
  ...{ cpu: '1500m', ip: '10.0.0.7', net: '10.0.0.0/8', version: 'v1.2', bad: '1,3G' },
  url: 'https://me@Example.com:8080/a b/c?x=1&x=2&y&z=%41+b#part',
});
const evaluate = (source: string) => environment.compile(source).evaluate({ object }, new Budget());

test.each([
  'quantity(object.cpu).isGreaterThan(quantity("1")) && quantity(object.cpu) == quantity("1.5") && quantity("1") != quantity("2")',
  'quantity("50k").add(quantity("20k")) == quantity("70k") && quantity("50k").add(20) == quantity("50020")',
  'quantity("50k").add(20).sub(quantity("100k")).sub(-50000) == quantity("20")',
  'quantity("50k").sub(20000).asApproximateFloat() == 30000.0 && quantity("50k").asInteger() == 50000',
  '!quantity("9999999999999999999999999999999999999G").isInteger() && !quantity("1500m").isInteger()',
  'quantity("200M").compareTo(quantity("0.2G")) == 0 && quantity("50M").compareTo(quantity("50Mi")) == -1',
  'isQuantity("1.3Gi") && !isQuantity(object.bad) && !isQuantity("200K") && !isQuantity("Mi") && sign(quantity("-1")) == -1',
  'ip(object.ip).family() == 4 && ip("::1").family() == 6 && ip("::1") == ip("0:0:0:0:0:0:0:1")',
  'isIP("127.0.0.1") && !isIP("127.0.0.256") && !isIP(":::1") && !isIP("::ffff:1.2.3.4") && !isIP("fe80::1%eth0") && !isIP("010.0.0.1")',
  'ip.isCanonical("127.0.0.1") && ip.isCanonical("2001:db8::abcd") && ip.isCanonical("::") && ip.isCanonical("fe80::")',
  '!ip.isCanonical("2001:DB8::ABCD") && !ip.isCanonical("2001:db8::0:0:0:abcd") && !ip.isCanonical("1:0:0:4:5:6:7:8")',
  'ip.isCanonical("1::4:0:0:7:8") && ip.isCanonical("1:0:0:4::8") && ip.isCanonical("1:0:2:3:4:5:6:7")',
  'ip("0.0.0.0").isUnspecified() && ip("::").isUnspecified() && !ip("127.0.0.1").isUnspecified() && ip("127.0.0.1").isLoopback()',
  'ip("224.0.0.1").isLinkLocalMulticast() && !ip("224.0.1.1").isLinkLocalMulticast() && ip("ff02::1").isLinkLocalMulticast() && !ip("fd00::1").isLinkLocalMulticast()',
  'ip("169.254.169.254").isLinkLocalUnicast() && ip("fe80::1").isLinkLocalUnicast() && !ip("fd80::1").isLinkLocalUnicast()',
  'ip("192.168.0.1").isGlobalUnicast() && !ip("255.255.255.255").isGlobalUnicast() && !ip("ff00::1").isGlobalUnicast() && ip("2001:db8::abcd").isGlobalUnicast()',
  'string(ip("2001:DB8::0:0:0:abcd")) == "2001:db8::abcd" && string(cidr("10.0.0.1/8").masked()) == "10.0.0.0/8"',
  'cidr(object.net).containsIP(object.ip) && cidr("192.168.0.0/24").containsIP(ip("192.168.0.1")) && !cidr("192.168.0.0/24").containsIP("::1")',
  'cidr("192.168.0.0/16").containsCIDR("192.168.10.0/24") && !cidr("192.168.1.0/24").containsCIDR(cidr("192.168.2.0/24")) && !cidr("10.0.0.0/16").containsCIDR("10.0.0.0/8")',
  'cidr("::1/128").prefixLength() == 128 && cidr("192.168.0.1/24").ip() == ip("192.168.0.1") && cidr("192.168.0.1/24") != cidr("192.168.0.1/24").masked()',
  'isCIDR("0.0.0.0/0") && !isCIDR("::1/129") && !isCIDR("10.0.0.0/033") && !isCIDR("10.0.0.0")',
  'url(object.url).getScheme() == "https" && url(object.url).getHost() == "Example.com:8080" && url(object.url).getHostname() == "Example.com" && url(object.url).getPort() == "8080"',
  'url(object.url).getEscapedPath() == "/a%20b/c" && url(object.url).getQuery() == {"x": ["1", "2"], "y": [""], "z": ["A b"]}',
  'url("https://[::1]:80/").getHostname() == "::1" && url("https://[::1]/").getPort() == "" && url("/path").getHost() == "" && url("mailto:a@b").getScheme() == "mailto"',
  'isURL("https://a") && isURL("/absolute-path") && !isURL("../relative") && !isURL("https://a:b") && !isURL("") && !isURL("https://a/%zz")',
  'semver("1.2.3").compareTo(semver("1.2.3")) == 0 && semver("1.2.3").isLessThan(semver("1.10.0")) && semver("2.0.0").isGreaterThan(semver("1.9.9"))',
  'semver("1.0.0-alpha.1").isLessThan(semver("1.0.0")) && semver("1.0.0-alpha.2").isLessThan(semver("1.0.0-alpha.10")) && semver("1.0.0-1").isLessThan(semver("1.0.0-a"))',
  'semver(object.version, true).minor() == 2 && semver("01.01.01", true) == semver("1.1.1") && semver("1.2.3+a") == semver("1.2.3+b")',
  'isSemver("0.1.0-alpha.1") && isSemver("v1.0", true) && !isSemver("v1.0") && !isSemver("200K") && !isSemver("01.1.1")',
])('%s', (source) => {
  expect(evaluate(source)).toBe(true);
});

test.each([
  ['quantity(object.bad) == quantity("1")', 'quantity parse error'],
  ['quantity("1500m").asInteger() == 1', 'cannot convert value to integer'],
  ['ip(object.cpu).family() == 4', 'IP Address parse error'],
  ['cidr(object.ip).prefixLength() == 8', 'network address parse error'],
  ['cidr(object.net).containsIP(object.cpu)', 'IP Address parse error'],
  ['url(object.ip).getHost() == ""', 'URL parse error'],
  ['semver(object.version).major() == 1', 'version parse error'],
])('there is no value: %s', (source, message) => {
  const compiled = environment.compile(source);
  expect(() => compiled.evaluate({ object }, new Budget())).toThrow(message);
});

test.each(['quantity("1") == 1', 'ip("::1") == "::1"', 'quantity(1)', 'url("https://a") + "b"'])('it does not compile: %s', (source) => {
  expect(() => environment.compile(source)).toThrow(/overload/);
});
