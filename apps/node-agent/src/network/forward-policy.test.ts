import { expect, test } from 'vitest';
import { droppingTables } from './forward-policy.ts';

test('names the IPv4 tables that drop forwarded packets by policy', () => {
  const chains = `table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
table ip6 filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
	}
}
`;
  expect(droppingTables(chains)).toEqual(['ip filter']);
  expect(droppingTables('')).toEqual([]);
});
