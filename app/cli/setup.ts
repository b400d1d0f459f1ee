import type { Command } from 'commander';
import { indexedType, registeredAttributes } from '../connections/fleet.js';
import { attributeTypes, type AttributeName } from '../../src/migration/attributes.js';
import { CommandFailure, exitCodes } from './failure.js';
import { withTemporal, type Temporal } from './temporal.js';
import { addVerb, configured, run, type CommonOptions, type Surroundings } from './verb.js';

export function addSetup(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'setup',
    "Register the search attributes by which Temporal's own lists are filtered. Registered already: the same.",
    'ferry setup',
  ).action((options: CommonOptions) =>
    run(surroundings, options, () =>
      withTemporal(configured(surroundings, options, true).temporal, async (temporal) => {
        const before = await registered(temporal);
        const missing = names.filter((name) => !before.includes(name));
        if (missing.length > 0) await register(temporal, missing);
        surroundings.terminal.print(
          options.json
            ? JSON.stringify({ namespace: temporal.settings.namespace, registered: names, added: missing })
            : missing.length === 0
              ? `Namespace ${temporal.settings.namespace} has all search attributes of the ferry.`
              : `Registered in namespace ${temporal.settings.namespace}: ${missing.join(', ')}. Migrations show them from their next run on, new ones at once.`,
        );
        return exitCodes.done;
      }),
    ),
  );
}

const names = Object.keys(attributeTypes) as AttributeName[];

async function registered({ client, settings }: Temporal): Promise<string[]> {
  try {
    return await registeredAttributes(client);
  } catch (error) {
    throw byHand(settings.namespace, settings.connection.address, names, error);
  }
}

async function register({ client, settings }: Temporal, missing: readonly AttributeName[]): Promise<void> {
  try {
    await client.connection.operatorService.addSearchAttributes({
      namespace: settings.namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, indexedType[attributeTypes[name]]])),
    });
  } catch (error) {
    throw byHand(settings.namespace, settings.connection.address, missing, error);
  }
}

/** Codes of gRPC (google.rpc.Code) with which a server says that it is not asked in this way, or not by this login. */
const elsewhere = [7, 12];

/** Temporal Cloud lets nobody register them here, and elsewhere a login may not be allowed to. */
function byHand(
  namespace: string,
  address: string,
  missing: readonly AttributeName[],
  error: unknown,
): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'number' || !elsewhere.includes(code)) return error;
  const cloud = /\.(tmprl\.cloud|temporal\.io)(:\d+)?$/.test(address);
  const commands = cloud
    ? [
        `tcld namespace search-attributes add --namespace ${namespace} ${missing.map((name) => `--search-attribute "${name}=${attributeTypes[name]}"`).join(' ')}`,
      ]
    : missing.map(
        (name) =>
          `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${attributeTypes[name]}`,
      );
  return new CommandFailure(
    'Unauthorized',
    [
      'This login may not register search attributes: let somebody who may say',
      ...commands.map((command) => `  ${command}`),
    ],
    exitCodes.failed,
  );
}
