import type { Finding } from '../../src/migration/findings.js';

export function blocking(key: string, sentence: string): Finding {
  return { weight: 'blocks', key, sentence };
}

export function asking(key: string, sentence: string): Finding {
  return { weight: 'asks', key, sentence };
}

export function noting(key: string, sentence: string): Finding {
  return { weight: 'notes', key, sentence };
}
