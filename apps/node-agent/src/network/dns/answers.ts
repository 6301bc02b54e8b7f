// What the cluster's name server says to a question about its own names: records, no such record, or no such name. Pure.
import type { Answer, Question } from 'dns-packet';
import { type NameRecords, podAddress, recordsTtlSeconds, type Zone } from './zone.ts';

export interface Reply {
  rcode: 'NOERROR' | 'NXDOMAIN';
  answers: Answer[];
}

const aliasesMax = 8;

/** Undefined for a name that is none of the cluster's: others are asked. */
export function answer(zone: Zone, { name, type }: Question): Reply | undefined {
  const lower = name.toLowerCase().replace(/\.$/, '');
  const reverse = zone.reverse.get(lower);
  if (reverse)
    return {
      rcode: 'NOERROR',
      answers: type === 'PTR' ? reverse.map((data) => ({ name, type: 'PTR', ttl: recordsTtlSeconds, data })) : [],
    };
  if (lower !== zone.domain && !lower.endsWith(`.${zone.domain}`)) return undefined;
  const pod = podAddress(zone, lower);
  const records = pod === undefined ? zone.names.get(lower) : { addresses: [pod], services: [] };
  if (!records) return { rcode: 'NXDOMAIN', answers: [] };
  return { rcode: 'NOERROR', answers: answersOf(zone, records, name, type, 0) };
}

function answersOf(zone: Zone, records: NameRecords, name: string, type: string, depth: number): Answer[] {
  const ttl = recordsTtlSeconds;
  if (records.alias !== undefined && depth < aliasesMax) {
    const target = zone.names.get(records.alias);
    return [{ name, type: 'CNAME', ttl, data: records.alias }, ...(target ? answersOf(zone, target, records.alias, type, depth + 1) : [])];
  }
  if (type === 'A' || type === 'ANY') return records.addresses.map((data) => ({ name, type: 'A', ttl, data }));
  if (type === 'SRV') {
    return records.services.map(({ target, port }) => ({ name, type: 'SRV', ttl, data: { target, port, priority: 0, weight: 100 } }));
  }
  return [];
}
