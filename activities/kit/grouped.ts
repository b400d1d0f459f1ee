export { grouped } from '../../src/migration/grouped.js';
