// Every API type of every group, linked once.
import { SchemaRegistry } from '@berth/machinery';
import { groups } from './generated/groups.ts';

export const schemas = new SchemaRegistry();
for (const [groupVersion, group] of Object.entries(groups)) schemas.add(groupVersion, group);
