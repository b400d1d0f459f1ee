import { FerryError } from '../migration/errors.js';

/** A newer attempt writes under the same transactional id: this one has nothing left to do and must not try again. */
export class TakenOver extends FerryError {
  constructor(cluster: string, transactionalId: string) {
    super(
      'Changed',
      `A newer attempt writes as "${transactionalId}" on cluster "${cluster}": this one stops, nothing has to be done.`,
    );
  }
}
