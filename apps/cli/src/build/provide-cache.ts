// The claim that keeps layers between builds, for who asks for one: the room is reserved.
import { PersistentVolumeClaim } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { isReason } from '@berth/machinery';

const size = '5Gi';

export async function provideCache(client: HttpClient, namespace: string, name: string): Promise<void> {
  try {
    await client.get(PersistentVolumeClaim, { namespace, name });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    await client.create(PersistentVolumeClaim, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
    });
  }
}
