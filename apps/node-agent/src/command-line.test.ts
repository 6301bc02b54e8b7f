import { describe, expect, test } from 'vitest';
import { parseCommandLine } from './command-line.ts';

const ports = (...more: string[]) =>
  parseCommandLine(['--data-dir', '/d', '--gateway', 'h:1', '--node-ip', '192.0.2.1', ...more], {})?.config.ingressPorts;

describe('Ingresses are served', () => {
  test('on the usual ports, on others, on one of them, or nowhere', () => {
    expect(ports()).toEqual({ http: 80, https: 443 });
    expect(ports('--ingress-http-port', '8080', '--ingress-https-port', '8443')).toEqual({ http: 8080, https: 8443 });
    expect(ports('--ingress-http-port', '0')).toEqual({ http: undefined, https: 443 });
    expect(ports('--ingress-http-port', '0', '--ingress-https-port', '0')).toEqual({ http: undefined, https: undefined });
  });

  test.each(['65536', '-1', '80.5', '', 'http'])('on no port %j, and the option is named', (port) => {
    expect(() => ports(`--ingress-https-port=${port}`)).toThrow(/^--ingress-https-port: ".*" is not a port/);
  });

  test('on two ports, not on one for both', () => {
    expect(() => ports('--ingress-http-port', '443')).toThrow('--ingress-https-port: 443 is the port of --ingress-http-port');
  });
});
