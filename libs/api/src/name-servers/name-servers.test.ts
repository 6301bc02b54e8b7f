import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigMap } from '../kinds/config-map.ts';
import { mergedNameServers, NameServerError, readNameServers } from './name-servers.ts';
import { serverAddress } from './server-address.ts';

const configMap = (name: string, data: Record<string, string>, namespace = 'kube-system'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const corefile = (Corefile: string) => readNameServers(configMap('coredns', { Corefile }));
const wrong = (name: string, data: Record<string, string>) => {
  try {
    readNameServers(configMap(name, data));
  } catch (error) {
    if (error instanceof NameServerError) return error.message;
    throw error;
  }
  return undefined;
};

describe('a Corefile', () => {
  test('as kubeadm writes it changes nothing', () => {
    const text = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;
    expect(corefile(text)).toEqual({ settings: { stubs: [] }, idle: [] });
  });

  test('says by blocks and forward lines which servers are asked for what', () => {
    const text = `
# what Kubernetes' documentation shows
acme.local:53, Other.Example. {
    errors
    cache 30
    forward . 10.150.0.1 dns://10.150.0.2:5353
}
10.0.0.0/15 { forward . 10.3.3.3 }
.:53 {
    forward corp.example [2001:db8::1]:53
    forward . 172.16.0.1 172.16.0.2 { policy sequential }
}
lab.example { forward . /etc/resolv.conf }`;
    expect(corefile(text)).toEqual({
      settings: {
        upstreams: ['172.16.0.1:53', '172.16.0.2:53'],
        stubs: [
          { domain: 'acme.local', servers: ['10.150.0.1:53', '10.150.0.2:5353'] },
          { domain: 'other.example', servers: ['10.150.0.1:53', '10.150.0.2:5353'] },
          { domain: '0.10.in-addr.arpa', servers: ['10.3.3.3:53'] },
          { domain: '1.10.in-addr.arpa', servers: ['10.3.3.3:53'] },
          { domain: 'corp.example', servers: ['[2001:db8::1]:53'] },
          { domain: 'lab.example', servers: [] },
        ],
      },
      idle: [],
    });
  });

  test('takes snippets in, and quotations', () => {
    const text = '(up) {\n forward . "10.1.1.1"\n}\n. {\n import up\n import /etc/coredns/custom/*.override\n}\nimport custom/*.server';
    expect(corefile(text)).toEqual({ settings: { upstreams: ['10.1.1.1:53'], stubs: [] }, idle: [] });
  });

  test('says what of it does nothing', () => {
    const text =
      '.:53 {\n hosts {\n  10.1.1.1 a.example\n }\n forward . 10.1.1.1 {\n  except b.example\n }\n}\ntls://.:853 {\n forward . 10.2.2.2\n}';
    expect(corefile(text).idle).toEqual([
      'data[Corefile]: line 2: hosts does nothing here',
      'data[Corefile]: line 6: except of forward does nothing here',
      'data[Corefile]: line 9: tls://.:853 is not served: names are asked for at port 53, by DNS',
    ]);
    expect(corefile(text).settings).toEqual({ upstreams: ['10.1.1.1:53'], stubs: [] });
  });

  test('that is wrong is refused, with the line', () => {
    const refused = (text: string) => wrong('coredns', { Corefile: text });
    expect(refused('.:53 {\n forward . 10.0.0.1')).toBe('data[Corefile]: line 1: the block that begins here has no }');
    expect(refused('. {\n}\n}')).toBe("data[Corefile]: line 3: a server's zones are followed by {");
    expect(refused('. {\n forward . ns.example\n}')).toMatch(/^data\[Corefile\]: line 2: ns.example is no address of a server/);
    expect(refused('. {\n forward . tls://1.1.1.1\n}')).toContain('line 2: tls://1.1.1.1 is no address');
    expect(refused('. {\n forward .\n}')).toContain('line 2: forward takes 1 to 15 servers');
    expect(refused('a.b {\n}\na.b {\n}')).toBe('data[Corefile]: line 3: the zone a.b has a block already');
    expect(refused('a_b..c {\n}')).toBe('data[Corefile]: line 1: a_b..c is no zone');
    expect(refused('. {\n forward . "10.0.0.1\n}')).toContain('line 2: a quotation that begins here has no end');
    expect(refused('(a) {\n import a\n}\n. {\n import a\n}')).toContain('more than 100 imports');
    expect(refused(`. {\n${'x {\n'.repeat(20)}${'}\n'.repeat(21)}`)).toContain('blocks are at most 4 deep');
  });
});

test('what k3s and others import comes from coredns-custom', () => {
  const data = {
    'corp.server': 'corp.example:53 {\n forward . 10.9.9.9\n}',
    'up.override': 'forward . 10.8.8.8',
    README: 'not for CoreDNS {',
  };
  expect(readNameServers(configMap('coredns-custom', data))).toEqual({
    settings: { upstreams: ['10.8.8.8:53'], stubs: [{ domain: 'corp.example', servers: ['10.9.9.9:53'] }] },
    idle: [],
  });
  expect(wrong('coredns-custom', { 'up.override': '}' })).toBe('data[up.override]: line 1: } without a {');
});

describe('the ConfigMap of kube-dns', () => {
  test('says stub domains and upstreams in JSON', () => {
    const data = { stubDomains: '{"Acme.Local": ["1.2.3.4", "1.2.3.5:5353"]}', upstreamNameservers: '["8.8.8.8", "8.8.4.4"]' };
    expect(readNameServers(configMap('kube-dns', data))).toEqual({
      settings: { upstreams: ['8.8.8.8:53', '8.8.4.4:53'], stubs: [{ domain: 'acme.local', servers: ['1.2.3.4:53', '1.2.3.5:5353'] }] },
      idle: [],
    });
    expect(readNameServers(configMap('kube-dns', {}))).toEqual({ settings: { stubs: [] }, idle: [] });
  });

  test.each([
    ['{"acme.local": "1.2.3.4"}', 'data[stubDomains]: this is to be JSON, an object of lists'],
    ['{"acme.local":', 'data[stubDomains]: this is to be JSON'],
    ['{"acme..local": ["1.2.3.4"]}', 'data[stubDomains][acme..local]: this is no name of a domain'],
    ['{"acme.local": ["1.2.3"]}', 'data[stubDomains][acme.local]: "1.2.3" is no address of a server'],
    ['{"acme.local": []}', 'data[stubDomains][acme.local]: it names no server'],
  ])('%s is refused', (stubDomains, message) => {
    expect(wrong('kube-dns', { stubDomains })).toContain(message);
  });

  test('more than three upstreams are refused', () => {
    expect(wrong('kube-dns', { upstreamNameservers: '["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]' })).toContain('at most 3 servers');
  });
});

test('where two say something of the same, the first counts', () => {
  const stub = (server: string, domain = 'a.example') => ({ domain, servers: [server] });
  expect(
    mergedNameServers([{ stubs: [stub('1')] }, { upstreams: ['2'], stubs: [stub('2'), stub('3', 'b')] }, { upstreams: ['4'], stubs: [] }]),
  ).toEqual({
    upstreams: ['2'],
    stubs: [stub('1'), stub('3', 'b')],
  });
});

test('who writes one is warned, of these and of no others', () => {
  const data = { Corefile: '. {\n rewrite name a b\n}' };
  expect(ConfigMap.warnings(configMap('coredns', data))).toEqual(['data[Corefile]: line 2: rewrite does nothing here']);
  expect(ConfigMap.warnings(configMap('coredns', { Corefile: '{' }))).toEqual([expect.stringMatching(/; name servers go on as they are$/)]);
  expect(ConfigMap.warnings(configMap('coredns', data, 'default'))).toEqual([]);
  expect(ConfigMap.warnings(configMap('other', data))).toEqual([]);
});

test.each([
  ['10.0.0.1', '10.0.0.1:53'],
  ['10.0.0.1:5353', '10.0.0.1:5353'],
  ['2001:db8::1', '[2001:db8::1]:53'],
  ['[2001:db8::1]', '[2001:db8::1]:53'],
  ['[2001:db8::1]:5353', '[2001:db8::1]:5353'],
  ['10.0.0.1:0', undefined],
  ['10.0.0.1:65536', undefined],
  ['10.0.0.256', undefined],
  ['ns.example', undefined],
  ['[10.0.0.1]:53', undefined],
  ['', undefined],
])('the address %s', (text, address) => {
  expect(serverAddress(text)).toBe(address);
});

test('whatever stands there is read or refused, and what would cost much is refused', () => {
  const word = fc.constantFrom(
    '{',
    '}',
    '"',
    '\\"',
    '\n',
    '#',
    ' ',
    '.:53',
    'a.example',
    'forward',
    '.',
    '10.0.0.1',
    'import',
    '(a)',
    'a',
    ',',
    '10.0.0.0/9',
    '://',
  );
  const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(text, fc.json(), (corefileText, json) => {
      wrong('coredns', { Corefile: corefileText });
      wrong('coredns-custom', { 'a.override': corefileText, 'b.server': corefileText });
      wrong('kube-dns', { stubDomains: json, upstreamNameservers: json, federations: json });
    }),
  );
  expect(wrong('coredns', { Corefile: `${Array.from({ length: 90 }, (_, at) => `10.${at}.0.0/17`).join(' ')} {\n}` })).toContain(
    'more than 1000 zones',
  );
  expect(wrong('coredns', { Corefile: `. {\n${'x\n'.repeat(1_001)}}` })).toContain('more than 1000 directives');
  expect(corefile(`. {\n${'x\n'.repeat(999)}}`).idle).toHaveLength(20);
});
