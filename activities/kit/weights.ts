import type { Finding } from '../../src/migration/findings.js';
import { oneLine } from '../../src/migration/foreign-text.js';

export function blocking(key: string, sentence: string): Finding {
  return { weight: 'blocks', key, sentence: oneLine(sentence) };
}

export function asking(key: string, sentence: string): Finding {
  return { weight: 'asks', key, sentence: oneLine(sentence) };
}

export function noting(key: string, sentence: string): Finding {
  return { weight: 'notes', key, sentence: oneLine(sentence) };
}
