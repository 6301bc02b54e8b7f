import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { all, bytes, put, storeContract, text, watchEventsMax } from '../contract.ts';
import { MemoryStore } from '../memory/memory-store.ts';
import { EncryptedStore } from './encrypted-store.ts';
import { DecryptionError, Keyring } from './keyring.ts';

const key = (name: string, byte: number) => ({ name, secret: new Uint8Array(32).fill(byte) });
const [one, two] = [key('one', 1), key('two', 2)];
const prefixes = ['/secrets/'];

storeContract(
  'an encrypted memory store',
  async () => {
    const clock = new SimulatedClock();
    const store = new EncryptedStore({
      store: new MemoryStore({ clock, watchEventsMax }),
      keyring: new Keyring([one], one),
      prefixes: ['/'],
    });
    return { store, elapse: (seconds) => clock.advance(seconds * 1000), remove: () => store.close() };
  },
  { durable: false },
);

function opened(keyring = new Keyring([one], one)) {
  const inner = new MemoryStore({ clock: new SimulatedClock() });
  return { inner, store: new EncryptedStore({ store: inner, keyring, prefixes }) };
}

const raw = async (inner: MemoryStore, place: string) => Buffer.from((await inner.get(place)).kv?.value ?? []).toString('latin1');

test('what is covered is unreadable behind, what is not is as it was', async () => {
  const { inner, store } = opened();
  await store.transact(put('/secrets/a', 'very secret'));
  await store.transact(put('/plain/a', 'no secret'));
  expect(await raw(inner, '/secrets/a')).toMatch(/^berth:enc:v1:one:/);
  expect(await raw(inner, '/secrets/a')).not.toContain('secret');
  expect(await raw(inner, '/plain/a')).toBe('no secret');
  const { kvs } = await store.range(all);
  expect(kvs.map((kv) => text(kv.value))).toEqual(['no secret', 'very secret']);
});

test('the same value is never written in the same way, nor read in another place', async () => {
  const { inner, store } = opened();
  await store.transact(put('/secrets/a', 'same'));
  await store.transact(put('/secrets/b', 'same'));
  const [a, b] = [(await inner.get('/secrets/a')).kv?.value, (await inner.get('/secrets/b')).kv?.value];
  expect(a).not.toEqual(b);
  await inner.transact({ compare: [], writes: [{ type: 'put', key: '/secrets/b', value: a ?? bytes('') }] });
  await expect(store.get('/secrets/b')).rejects.toThrow(/^\/secrets\/b was changed in the store/);
});

test('a failed comparison shows plain text', async () => {
  const { store } = opened();
  await store.transact(put('/secrets/a', 'old'));
  const result = await store.transact({
    compare: [{ key: '/secrets/a', target: 'version', version: 0 }],
    writes: [],
    onFailure: ['/secrets/a'],
  });
  expect(result.succeeded === false && text(result.current[0]?.value)).toBe('old');
});

test('keys rotate: old values stay readable, and are written again with the new key', async () => {
  const { inner, store } = opened(new Keyring([one], undefined));
  await store.transact(put('/secrets/plain', 'p'));
  const first = new EncryptedStore({ store: inner, keyring: new Keyring([one], one), prefixes });
  await first.transact(put('/secrets/old', 'o'));
  const rotated = new EncryptedStore({ store: inner, keyring: new Keyring([two, one], two), prefixes });
  expect(text((await rotated.get('/secrets/old')).kv?.value)).toBe('o');
  expect(await rotated.rewrap()).toBe(2);
  expect(await rotated.rewrap()).toBe(0);
  const last = new EncryptedStore({ store: inner, keyring: new Keyring([two], two), prefixes });
  expect((await last.range(all)).kvs.map((kv) => text(kv.value))).toEqual(['o', 'p']);
  await expect(first.get('/secrets/old')).rejects.toThrow('encrypted with the key "two", which is not among the configured ones (one)');
});

test('whatever is bent or cut is refused', async () => {
  const keyring = new Keyring([one], one);
  const sealed = keyring.seal('/secrets/a', bytes('value'));
  for (let at = 'berth:enc:v1:one:'.length; at < sealed.length; at++) {
    const bent = Uint8Array.from(sealed);
    bent[at] = (bent[at] ?? 0) ^ 1;
    expect(() => keyring.open('/secrets/a', bent)).toThrow(DecryptionError);
    expect(() => keyring.open('/secrets/a', sealed.subarray(0, at))).toThrow(DecryptionError);
  }
});

test('keys that cannot be keys are refused', () => {
  expect(() => new Keyring([{ name: 'short', secret: new Uint8Array(16) }], undefined)).toThrow('has 16 bytes, not 32');
  expect(() => new Keyring([{ name: 'a:b', secret: new Uint8Array(32) }], undefined)).toThrow('cannot name');
  expect(() => new Keyring([one, one], one)).toThrow('the same name');
});
