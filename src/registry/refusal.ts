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

  /** What was to be written has its place taken: versions where import mode was asked for, an id, a version. */
  get taken(): boolean {
    return this.code === notEmpty;
  }

  /** Other schemas refer to it. */
  get referredTo(): boolean {
    return this.code === 42206;
  }
}

/** Karapace says it of a subject with versions that is to import, of a version that is there, and of an id that is bound. */
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
  if (isAbsent(answer))
    return said(
      'NotFound',
      `The ${on} answers that there is no ${about}: look again, and see whether the ferry's user may ${action}, for Karapace says the same to whoever has no right to it (schema_registry_write on its Subject: and Config:).`,
    );
  if (isUnknownCall(answer)) return said('Unsupported', `The ${on} has no way to ${action}.`);
  switch (answer.code) {
    case notEmpty:
      return said(
        'Conflict',
        /^set the mode/.test(action)
          ? `The ${on} does not take ${about} into import mode, because it has versions already: compare them with those of the source.`
          : `The ${on} does not take ${about}: its id or its version is taken there by another schema.`,
      );
    case 42201:
    case 42202:
      return said(
        'Refused',
        `The ${on} cannot read the schema of ${about}: see whether it supports its type, and whether what the schema refers to is there.`,
      );
    case 44302:
      return said(
        'Refused',
        `The ${on} takes no references in JSON Schema (${about}): put what it refers to into it on the source, or use a registry that takes them.`,
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
