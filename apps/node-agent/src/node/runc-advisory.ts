// Whether the runc in use has known container escapes, from its version. A distribution may have patched an old version,
// so this advises and does not refuse.

type Version = readonly [number, number, number];

interface Escape {
  id: string;
  /** Upstream versions from which it is mended, one a release line. */
  fixed: Version[];
}

const escapes: Escape[] = [
  { id: 'CVE-2024-21626', fixed: [[1, 1, 12]] },
  {
    id: 'CVE-2025-31133, CVE-2025-52565, CVE-2025-52881',
    fixed: [
      [1, 2, 8],
      [1, 3, 3],
      [1, 4, 0],
    ],
  },
];

/** @param version what `runc --version` begins with, e.g. `runc version 1.1.5+ds1` */
export function runcAdvisory(version: string): string | undefined {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (!match) return undefined;
  const numbers: Version = [Number(match[1]), Number(match[2]), Number(match[3])];
  const open = escapes.filter(({ fixed }) => !isMended(fixed, numbers));
  if (open.length === 0) return undefined;
  return `runc ${match[0]} is older than the upstream releases that mend ${open.map((e) => e.id).join(', ')}; check that your distribution has patched it, or update runc`;
}

/** Mended in its own release line, or of a line after the newest mended one. */
function isMended(fixed: Version[], [major, minor, patch]: Version): boolean {
  const own = fixed.find((f) => f[0] === major && f[1] === minor);
  if (own) return patch >= own[2];
  return fixed.every((f) => major > f[0] || (major === f[0] && minor > f[1]));
}
