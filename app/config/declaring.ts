import type { Declaring } from '../../src/provision/declaring.js';
import { strimzi } from '../../src/provision/files/strimzi.js';
import { terraformAiven } from '../../src/provision/files/terraform-aiven.js';
import { nais } from '../../src/provision/nais/nais.js';
import type { ProvisionSection } from './schema.js';
import type { Files } from './values.js';

/** A cluster whose topics and grants others make from files. */
export interface Declaration {
  declaring: Declaring;
  /** Where `ferry plan --write` puts the files. */
  folder: string;
}

/** @returns `undefined` where the ferry makes topics and grants itself */
export function declarationOf(section: ProvisionSection, files: Files): Declaration | undefined {
  if (section.kind === 'nais') return { declaring: nais(section), folder: files.path(section.folder) };
  if (section.kind === 'files')
    return {
      declaring: section.format === 'strimzi' ? strimzi(section) : terraformAiven(section),
      folder: files.path(section.folder),
    };
  return undefined;
}
