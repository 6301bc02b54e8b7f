// `kubectl get componentstatuses`.
import type { Column } from '@berth/machinery';
import type { ComponentStatus } from '../generated/core-v1.types.ts';
import { nameColumn, text } from './column.ts';

const healthOf = ({ conditions }: ComponentStatus) => conditions?.find(({ type }) => type === 'Healthy');

const words: Record<string, string> = { True: 'Healthy', False: 'Unhealthy' };

export const componentStatusColumns: Column<ComponentStatus>[] = [
  nameColumn(),
  text('Status', 'Whether it is healthy', (object) => words[healthOf(object)?.status ?? ''] ?? 'Unknown'),
  text('Message', 'What it says of itself', (object) => healthOf(object)?.message),
  text('Error', 'Why nothing is known of it', (object) => healthOf(object)?.error),
];
