// Sentences and stacks of failures are payloads too where payloads are encoded. Temporal's SDK loads it by `require`, in
// the worker and in the sandbox of workflows, so it is CommonJS in a checkout and in a build.
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
