import { z } from 'zod';
import { isErrorType } from '../migration/error-types.js';

/** A finding as a history has it. */
export const findingShape = z.object({
  weight: z.enum(['blocks', 'asks', 'notes']),
  key: z.string(),
  sentence: z.string(),
  type: z.string().refine(isErrorType).optional().catch(undefined),
});
