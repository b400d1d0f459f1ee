import type { ErrorType } from '../migration/error-types.js';
import { FerryError } from '../migration/errors.js';
import type { Answer } from './http.js';

/** A registry understood and said no. The code is the registry's own; its text stays behind, for it may quote a schema. */
export class RegistryRefusal extends FerryError {
  constructor(
    type: ErrorType,
    sentence: string,
    readonly status: number,
    /** `error_code`, as Confluent defined them and others took them over. */
    readonly code: number | undefined,
  ) {
    super(type, sentence);
  }

  /** The versions before it on the target do not allow this one (`409`, without the code of a mode that was refused). */
  get incompatible(): boolean {
    return this.status === 409 && this.code !== notEmpty;
  }
}

/** A subject, or the whole registry, has versions: it cannot be put into import mode. */
const notEmpty = 40901;

/** What there is not: subject, version, id; one that is soft-deleted already; level or mode of its own. */
const absent = new Set([40401, 40402, 40403, 40404, 40406, 40408, 40409]);
/** To be deleted for good, and not soft-deleted before. */
const notSoftDeleted = [40405, 40407];

/** Whether an answer says that what was asked about is not there. */
export const isAbsent = ({ status, code }: Answer): boolean =>
  status === 404 && code !== undefined && absent.has(code);

/** Whether an answer says that the registry has no such call at all. */
export const isUnknownCall = (answer: Answer): boolean =>
  answer.status === 405 ||
  (answer.status === 404 && !isAbsent(answer) && !notSoftDeleted.includes(answer.code ?? 0));

/**
 * @param action as in `Request`, with `about` what it was done to: `orders-value version 3`.
 */
export function refusal(registry: string, action: string, about: string, answer: Answer): RegistryRefusal {
  const on = `registry "${registry}"`;
  const said = (type: ErrorType, sentence: string) =>
    new RegistryRefusal(type, sentence, answer.status, answer.code);
  if (isAbsent(answer)) return said('NotFound', `There is no ${about} on ${on} any more: look again.`);
  if (isUnknownCall(answer)) return said('Unsupported', `The ${on} has no way to ${action}.`);
  switch (answer.code) {
    case notEmpty:
      return said(
        'Conflict',
        `The ${on} does not take ${about} into import mode, because it has versions already: compare them with those of the source.`,
      );
    case 42201:
    case 42202:
      return said(
        'Refused',
        `The ${on} cannot read the schema of ${about}: see whether it supports its type, and whether what the schema refers to is there.`,
      );
    case 42203:
      return said('Refused', `The ${on} does not know the compatibility level of ${about}.`);
    case 42204:
      return said('Unsupported', `The ${on} does not know the mode that ${about} is to have.`);
    case 42205:
      return said(
        'Refused',
        `The ${on} does not permit to ${action} (${about}): see whether it is read-only, or forbids changes of mode (mode_mutability).`,
      );
    case 42206:
      return said('Refused', `The ${on} keeps ${about}, because other schemas refer to it.`);
    case 42207:
      return said(
        'Conflict',
        `The ${on} has the schema of ${about} under another id and allows no second one: have allow_duplicate_schema_ids set there.`,
      );
    default:
      return answer.status === 409
        ? said(
            'Refused',
            `The ${on} refuses ${about}, because it is not compatible with the versions there: change the compatibility level of the subject, or mend the schema.`,
          )
        : said('Refused', `The ${on} refuses to ${action} (${about}, status ${answer.status}): see its log.`);
  }
}
