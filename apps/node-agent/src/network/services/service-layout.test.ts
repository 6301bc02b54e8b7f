import { expect, test } from 'vitest';
import { layoutOf } from './service-layout.ts';

const input = { table: 't', bridge: 'brth0', podCidr: '10.244.0.0/24', bridgeIsFiltered: true };

test('answers between pods come through here where bridged packets pass unseen, and nothing that others translate is masqueraded', () => {
  const viaHere = 'ct status dnat ip saddr 10.244.0.0/24 oifname "brth0" masquerade';
  expect(layoutOf({ ...input, bridgeIsFiltered: false }).text).toContain(viaHere);
  const { text } = layoutOf(input);
  expect(text).not.toContain(viaHere);
  expect(text).toContain('ct status dnat ip saddr != @pod-networks ip daddr . ip daddr @hairpins masquerade');
});

test('another layout has another marker, and the same one has the same, whatever the table is called', () => {
  const { marker } = layoutOf(input);
  expect(layoutOf({ ...input, table: 'u' }).marker).toBe(marker);
  expect(layoutOf({ ...input, bridgeIsFiltered: false }).marker).not.toBe(marker);
});
