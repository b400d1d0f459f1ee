import type { ApplicationFailure } from '@temporalio/workflow';
import type { Finding } from '../../src/migration/findings.js';

/** What a person may accept of a failure, which an activity hands over as its details (`FerryError.findings`). */
export function acceptable({ details }: ApplicationFailure): Finding[] {
  const [findings] = details ?? [];
  return Array.isArray(findings) ? (findings as Finding[]) : [];
}
