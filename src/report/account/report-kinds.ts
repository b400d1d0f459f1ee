/** How a report is written down, and what that is on the web. */
export const reportKinds = { html: 'text/html', md: 'text/markdown', json: 'application/json' } as const;
export type ReportKind = keyof typeof reportKinds;
