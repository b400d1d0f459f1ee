// One project per folder of tests, so that each runs alone. Files of unit, workflow and replay have nothing in common and
// may run side by side, as may those that have a lab of their own; those of integration and browser share a lab, so they
// run one at a time. All are given time for a cold server.
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};

const project = (name, extra = {}) => ({
  ...shared,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  ...extra,
});

const onLab = {
  globalSetup: '<rootDir>/test/lab/setup.mjs',
  globalTeardown: '<rootDir>/test/lab/teardown.mjs',
};

export default {
  projects: [
    ...['unit', 'workflow', 'replay'].map((name) => project(name)),
    ...['integration', 'browser'].map((name) => project(name, onLab)),
    // Each file has a lab of its own, of another kind.
    project('own-lab'),
    // What others' programs say of what stands in for theirs; it has a lab of its own.
    project('contract'),
    // Each file has a lab of its own. `npm test` leaves it out; `npm run test:long` runs it.
    project('long'),
    // The same, on one lab.
    project('long-on-lab', onLab),
  ],
  reporters: ['default', '<rootDir>/test/lab/failed-reporter.mjs'],
  maxWorkers: 1,
  testTimeout: 180_000,
};
