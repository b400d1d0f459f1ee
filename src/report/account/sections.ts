import type { Account } from '../../account/account.js';
import type { Section } from './document.js';
import { deletion } from './sections/deletion.js';
import { made, moved } from './sections/moved.js';
import { offsets } from './sections/offsets.js';
import { origin, outcome } from './sections/outcome.js';
import { findings, parity, unverified } from './sections/proved.js';
import { said, stepBlocks } from './sections/steps.js';
import { timeline } from './sections/when.js';

/** Everything that there is to say of one migration, in the order in which somebody asks. */
export function sectionsOf(account: Account): Section[] {
  return [
    { title: 'How it ended', blocks: outcome(account) },
    { title: 'When', blocks: timeline(account) },
    { title: 'What moved', blocks: moved(account) },
    { title: 'Step by step', blocks: account.steps.flatMap((step) => stepBlocks(step, account)) },
    { title: 'Findings', blocks: findings(account) },
    { title: 'Not verified', blocks: unverified(account) },
    { title: 'Offsets before and after', blocks: offsets(account) },
    { title: 'Both clusters compared', blocks: parity(account) },
    { title: 'What was deleted', blocks: deletion(account) },
    { title: 'What was made on the target', blocks: made(account) },
    { title: 'Everything that was said', blocks: said(account) },
    { title: 'Where this comes from', blocks: origin(account) },
  ].filter(({ blocks }) => blocks.length > 0);
}
