import { describe, expect, it } from '@jest/globals';
import { FerryError } from '../../src/migration/errors.js';
import { scanOf, scannedCluster } from './scanned-cluster.js';

const refuses = (type: 'Unauthenticated' | 'Unauthorized', message: string) => async () => {
  throw new FerryError(type, message);
};

describe('a scan', () => {
  it('ends where the cluster itself refuses the credentials', async () => {
    const expired = scannedCluster([], {}, { groups: refuses('Unauthenticated', 'The token has expired.') });
    await expect(scanOf(expired)).rejects.toMatchObject({ type: 'Unauthenticated' });
  });
});
