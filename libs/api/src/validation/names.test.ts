import { describe, expect, test } from 'vitest';
import { isIPv4, isIPv6 } from './ip.ts';
import { configMapKey, dns1035Label, dnsLabel, dnsSubdomain, envVarName, labelValue, portName, qualified } from './names.ts';

describe('names explain themselves in Kubernetes words', () => {
  test('a pod name with capitals', () => {
    expect(dnsSubdomain('My_Pod')).toEqual([
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]);
  });

  test('a label name that is too long', () => {
    expect(dnsLabel('a'.repeat(64))).toEqual(['must be no more than 63 characters']);
    expect(dnsSubdomain('a'.repeat(254))).toEqual(['must be no more than 253 characters']);
    expect(qualified('a'.repeat(64))).toEqual(['name part must be no more than 63 bytes']);
    expect(qualified(`${'a'.repeat(254)}/b`)).toEqual(['prefix part must be no more than 253 bytes']);
    expect(labelValue('a'.repeat(64))).toEqual(['must be no more than 63 bytes']);
  });

  test('a label name that is one of several labels', () => {
    expect(dnsLabel('a.b')).toEqual(['must not contain dots']);
    expect(dnsLabel(`${'a'.repeat(64)}.b`)).toEqual(['must be no more than 63 characters', 'must not contain dots']);
    expect(dnsLabel('A.b')[0]).toMatch(/^a lowercase RFC 1123 label/);
  });

  test('a service name that starts with a digit', () => {
    expect(dns1035Label('9web')).toEqual([
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ]);
  });

  test('label keys', () => {
    expect(qualified('app')).toEqual([]);
    expect(qualified('app.kubernetes.io/name')).toEqual([]);
    expect(qualified('/name')).toEqual(['prefix part must be non-empty']);
    expect(qualified('a/b/c')[0]).toMatch(/^a valid label key must consist of/);
    expect(qualified('a/b/c')[0]).toContain("with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    expect(qualified('Bad_/name')[0]).toMatch(/^prefix part a lowercase RFC 1123 subdomain/);
  });

  test('config keys are file names', () => {
    expect(configMapKey('app.properties')).toEqual([]);
    expect(configMapKey('..')).toEqual(["must not be '..'"]);
    expect(configMapKey('..data')).toEqual(["must not start with '..'"]);
    expect(configMapKey('a/b')).toHaveLength(1);
  });

  test('ports and environment variables', () => {
    expect(portName('http')).toEqual([]);
    expect(portName('8080')).toEqual(['must contain at least one letter (a-z)']);
    expect(portName('a--b')).toEqual(['must not contain consecutive hyphens']);
    expect(envVarName('my.var-1')).toEqual([]);
    expect(envVarName('a=b')).toEqual(["a valid environment variable name must consist only of printable ASCII characters other than '='"]);
  });
});

test.each(['10.0.0.1', '255.255.255.255', '0.0.0.0'])('%s is IPv4', (ip) => expect(isIPv4(ip)).toBe(true));
test.each(['10.0.0', '10.0.0.256', '010.0.0.1', '1.2.3.4.5', ''])('%s is not IPv4', (ip) => expect(isIPv4(ip)).toBe(false));
test.each(['::', '::1', 'fd00::1', '2001:db8:0:0:0:0:0:1', '::ffff:10.0.0.1'])('%s is IPv6', (ip) => expect(isIPv6(ip)).toBe(true));
test.each([':', ':::', '1::2::3', '12345::', '1:2:3:4:5:6:7', '1.2.3.4::1', 'fd00::g'])('%s is not IPv6', (ip) =>
  expect(isIPv6(ip)).toBe(false),
);
