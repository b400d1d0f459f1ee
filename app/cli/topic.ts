import type { Command } from 'commander';
import { imported, importedText } from '../../src/provision/nais/imported.js';
import { readTopic, type ReadTopic } from '../../src/provision/nais/read-topic.js';
import { mistakeText } from '../../src/migration/mistakes.js';
import { parseYamls, readText } from '../config/yaml-file.js';
import { badInput, exitCodes, type ExitCode } from './failure.js';
import { addVerb, run, type CommonOptions, type Surroundings } from './verb.js';

export function addTopic(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'topic',
    'Read Topic resources of NAIS as the declared target of a migration. Needs no cluster.',
    'ferry topic import .nais/topics/orders.yaml',
  )
    .argument('<what>', 'import')
    .argument('<file...>', 'files with Topic resources')
    .action((what: string, files: string[], options: CommonOptions) =>
      run(surroundings, options, async () => {
        if (what !== 'import') throw badInput(`ferry topic knows import, and no ${what}.`);
        return importTopics(surroundings, options, files);
      }),
    );
}

function importTopics(
  { terminal }: Surroundings,
  options: CommonOptions,
  files: readonly string[],
): ExitCode {
  const sentences: string[] = [];
  const topics: ReadTopic[] = [];
  for (const file of files) {
    const text = readText(file);
    const read = text.mistakes ? text : parseYamls(text.value);
    if (read.mistakes) sentences.push(...read.mistakes.map((mistake) => `${file}: ${mistakeText(mistake)}`));
    else
      for (const [index, document] of read.value.entries()) {
        const { topic, mistakes } = readTopic(document);
        const where = read.value.length > 1 ? `${file}, document ${index + 1}` : file;
        if (topic) topics.push(topic);
        else sentences.push(...mistakes.map((mistake) => `${where}: ${mistakeText(mistake)}`));
      }
  }
  const names = topics.map(({ fullName }) => fullName);
  for (const twice of new Set(names.filter((name, index) => names.indexOf(name) !== index)))
    sentences.push(`${twice} is declared twice: name each Topic once.`);
  if (sentences.length > 0) throw badInput(...sentences);
  if (topics.length === 0) throw badInput('There is no Topic in these files.');
  const declared = imported(topics);
  terminal.print(options.json ? JSON.stringify(declared) : importedText(declared));
  return exitCodes.done;
}
