import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { advise, type Advice, type Judged } from '../../src/advice/advise.js';
import { answersFor, parseAnswers, type Answers, type AnswersFile } from '../../src/advice/answers.js';
import type { Registries } from '../../src/advice/facts.js';
import { setsOf, type TopicSet } from '../../src/advice/sets.js';
import { answersFileFor, migrationFileFor } from '../../src/advice/written.js';
import { parseInventory, type Inventory } from '../../src/inventory/inventory.js';
import { named } from '../../src/migration/foreign-text.js';
import { readText, readYaml } from '../config/yaml-file.js';
import { badFile, badInput, exitCodes, type ExitCode } from './failure.js';
import { addVerb, run, type CommonOptions, type Surroundings } from './verb.js';

interface AdviseOptions extends CommonOptions {
  topic?: string;
  ask?: boolean;
  write?: string;
  target?: string;
  registries?: string;
}

interface Advised {
  set: TopicSet;
  answers: Answers;
  advice: Advice;
}

export function addAdvise(program: Command, surroundings: Surroundings): void {
  addVerb(
    program,
    'advise',
    'Say which strategy fits each set of topics that must move together, and why. Needs no cluster.',
    'ferry advise inventory.json --ask > answers.yaml   # answer them, then:\nferry advise inventory.json answers.yaml --write migrations --target aiven',
  )
    .argument('<inventory>', 'what ferry scan has written')
    .argument('[answers]', 'what only people know, as --ask prints it')
    .option('--topic <topic>', 'only the set with this topic')
    .option('--ask', 'print the questions as a file to be answered')
    .option('--write <folder>', 'write a migration file for each set')
    .option('--target <cluster>', 'the target that the files name')
    .option('--registries <source,target>', 'the schema registries between which schemas are to be copied')
    .action((inventory: string, answers: string | undefined, options: AdviseOptions) =>
      run(surroundings, options, async () => showAdvice(surroundings, options, inventory, answers)),
    );
}

/** Exit code 3 when some set has no strategy yet that fits. */
function showAdvice(
  { terminal }: Surroundings,
  options: AdviseOptions,
  inventoryPath: string,
  answersPath?: string,
): ExitCode {
  const inventory = readInventory(inventoryPath);
  const file = answersPath === undefined ? { sets: {} } : readAnswers(answersPath);
  const sets = setsOf(inventory);
  const notes = Object.keys(file.sets)
    .filter((name) => !sets.some((set) => set.name === name))
    .map((name) => `There is no set ${named(name)} any more: its answers are not used.`);
  const chosen = sets.filter(
    ({ topics }) => options.topic === undefined || topics.some(({ name }) => name === options.topic),
  );
  if (options.topic !== undefined && chosen.length === 0)
    throw badInput(
      `${inventoryPath} has no topic ${named(options.topic)} that could be moved: check its name.`,
    );
  const registries = registriesOf(options.registries);
  const advised = chosen.map((set): Advised => {
    const { answers, note } = answersFor(set, file);
    if (note !== undefined) notes.push(note);
    return { set, answers, advice: advise(set, answers, registries) };
  });
  if (options.ask) {
    terminal.print(answersFileFor(advised).trimEnd());
    return exitCodes.done;
  }
  const written =
    options.write === undefined
      ? []
      : writeFiles(options.write, advised, inventory, {
          ...(options.target !== undefined && { target: options.target }),
          ...(registries && { registries }),
        });
  if (options.json)
    terminal.print(
      JSON.stringify({
        cluster: inventory.cluster,
        notes,
        written,
        sets: advised.map(({ set, advice }) => ({
          ...advice,
          topics: set.topics.map(({ name }) => name),
          groups: set.groups.map(({ group }) => group),
          ties: set.ties,
        })),
      }),
    );
  else {
    terminal.print(advised.map(adviceText).join('\n\n'));
    for (const note of notes) terminal.complain(note);
    const next = written[0];
    if (next !== undefined) terminal.print(`\n${written.length} files written. Next: ferry plan ${next}`);
    else if (advised.some(({ advice }) => advice.recommended === null))
      terminal.print(`\nNext, answer: ferry advise ${inventoryPath} --ask > answers.yaml`);
  }
  return advised.every(({ advice }) => advice.recommended !== null) ? exitCodes.done : exitCodes.waiting;
}

function registriesOf(words?: string): Registries | undefined {
  if (words === undefined) return undefined;
  const [source, target, more] = words.split(',');
  if (!source || !target || more !== undefined)
    throw badInput('--registries expects two names of ferry.yaml, for example onprem,aiven.');
  return { source, target };
}

function readInventory(path: string): Inventory {
  const text = readText(path);
  if (text.mistakes) throw badFile(path, text.mistakes);
  let value: unknown;
  try {
    value = JSON.parse(text.value);
  } catch {
    throw badInput(`${path}: is no JSON, or cut off: scan anew.`);
  }
  const { inventory, mistake } = parseInventory(value);
  if (!inventory) throw badInput(`${path}: ${mistake}.`);
  return inventory;
}

function readAnswers(path: string): AnswersFile {
  const read = readYaml(path);
  if (read.mistakes) throw badFile(path, read.mistakes);
  const { answers, mistakes } = parseAnswers(read.value);
  if (!answers) throw badFile(path, mistakes);
  return answers;
}

/** Never over a file that is there: a person may have filled it in. */
function writeFiles(
  folder: string,
  advised: readonly Advised[],
  inventory: Inventory,
  named: { target?: string; registries?: Registries },
): string[] {
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    throw badInput(`${folder} cannot be made: name a folder that can.`);
  }
  return advised.map(({ set, advice, answers }) => {
    const path = join(folder, `${set.name}.yaml`);
    try {
      writeFileSync(path, migrationFileFor(set, advice, answers, inventory, named), { flag: 'wx' });
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'EEXIST'
        ? badInput(`${path} is there already: move it away, or name another folder.`)
        : badInput(`${path} cannot be written: see whether this user may.`);
    }
    return path;
  });
}

const words = { fits: 'fits', 'fits-if': 'fits if …', 'does-not-fit': 'does not fit' } as const;

function adviceText({ set, advice }: Advised): string {
  const topics = set.topics.map(({ name }) => named(name)).join(', ');
  const groups = set.groups.map(({ group }) => named(group)).join(', ');
  return [
    `${advice.set}: ${advice.recommended ?? 'no strategy fits yet'}`,
    `  topics: ${topics}`,
    `  groups: ${groups === '' ? 'none seen' : groups}`,
    ...set.ties.map((tie) => `  tied: ${tie}`),
    ...advice.strategies.flatMap(({ strategy, verdict, rules, conditions, beyondNeed }) => [
      `  ${strategy} ${words[verdict]}`,
      ...rules.map((rule) => `    ${ruleText(rule)}`),
      ...(conditions.length > 0
        ? [`    it ${verdict === 'fits-if' ? 'fits' : 'would fit'} if it is so ${conditions.join(', and ')}`]
        : []),
      ...(beyondNeed.length > 0
        ? [`    it does more than is needed, without: ${beyondNeed.join(', ')}`]
        : []),
    ]),
    ...advice.warnings.map((warning) => `  ! ${warning}`),
  ].join('\n');
}

const ruleText = ({ sentence, holds, facts }: Judged): string =>
  `${sentence}: ${holds} (${facts.map(({ how, from }) => (how === 'unknown' ? from : `${how}: ${from}`)).join('; ')})`;
