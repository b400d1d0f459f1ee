export { advancedMirroring } from './advanced-mirroring.js';
export { doubleConsumers } from './double-consumers.js';
export { doubleProducer } from './double-producer.js';
export { fleet } from './fleet.js';
export { holds } from './holds.js';
export { schemas } from './schemas.js';
export { simplestCase } from './simplest-case.js';
export { simpleMirroring } from './simple-mirroring.js';
