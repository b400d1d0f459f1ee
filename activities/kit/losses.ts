import type { Finding } from '../../src/migration/findings.js';
import { lossText, type Loss } from '../../src/provision/loss.js';
import type { Undeclarable } from '../../src/provision/declaring.js';
import { asking, blocking, noting } from './weights.js';

export const lossFinding = (loss: Loss): Finding =>
  (loss.weight === 'asks' ? asking : noting)(loss.key, lossText(loss));

export const undeclarable = ({ key, sentence }: Undeclarable): Finding => blocking(key, sentence);
