/**
 * The pure vocabulary, loaded once for all workflows of a worker and frozen, by Temporal's `preloadModules`: it is most of what
 * a workflow would load anew for itself, some megabytes and milliseconds each. Nothing in it remembers anything of a workflow.
 */
import '../src/fleet/asking.js';
import '../src/fleet/details.js';
import '../src/fleet/file.js';
import '../src/fleet/messages.js';
import '../src/fleet/moves.js';
import '../src/fleet/state.js';
import '../src/fleet/status.js';
import '../src/migration/attributes.js';
import '../src/migration/claims.js';
import '../src/migration/columns.js';
import '../src/migration/details.js';
import '../src/migration/duration.js';
import '../src/migration/evidence.js';
import '../src/migration/file.js';
import '../src/migration/findings.js';
import '../src/migration/fleet-report.js';
import '../src/migration/foreign-text.js';
import '../src/migration/holds.js';
import '../src/migration/listed.js';
import '../src/migration/membership.js';
import '../src/migration/messages.js';
import '../src/migration/metrics.js';
import '../src/migration/mistakes.js';
import '../src/migration/not-compared.js';
import '../src/migration/offsets.js';
import '../src/migration/packed-survey.js';
import '../src/migration/queues.js';
import '../src/migration/rate.js';
import '../src/migration/registry-copy.js';
import '../src/migration/shares.js';
import '../src/migration/size.js';
import '../src/migration/state.js';
import '../src/migration/status.js';
import '../src/migration/strategies.js';
import '../src/migration/summary.js';
import '../src/migration/survey-seen.js';
import '../src/migration/survey-state.js';
import '../src/migration/survey.js';
import '../src/migration/telling.js';
import '../src/migration/throttling.js';
import '../src/migration/translated.js';
import '../src/migration/unverified.js';
import '../src/migration/upkeep.js';
