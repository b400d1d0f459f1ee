import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { advise, notSeen, type Advice, type Judged } from '../../src/advice/advise.js';
import { answersFor, parseAnswers, type Answers, type AnswersFile } from '../../src/advice/answers.js';
import type { Registries } from '../../src/advice/facts.js';
import { expectedOf, expectedText } from '../../src/advice/expected.js';
import { innerText, isInner } from '../../src/advice/inner.js';
import { SetNames } from '../../src/advice/set-names.js';
import { setsOf, type TopicSet } from '../../src/advice/sets.js';
import { partsOf } from '../../src/advice/splits.js';
import { fleetFileFor, orderUnknownText, waveText, wavesOf, type WavePlan } from '../../src/advice/waves.js';
import { unseenAnywhere } from '../../src/advice/unseen.js';
import { answersFileFor, migrationFileFor } from '../../src/advice/written.js';
import { parseInventory, type Inventory } from '../../src/inventory/inventory.js';
import { few, named, oneLine } from '../../src/migration/foreign-text.js';
import { globbed } from '../../src/migration/glob.js';
import { readText, readYaml } from '../config/yaml-file.js';
import { badFile, badInput, exitCodes, type ExitCode } from './failure.js';
import { writeInventoryPage } from './inventory-page.js';
import { addVerb, run, type CommonOptions, type Surroundings } from './verb.js';

interface AdviseOptions extends CommonOptions {
  topic?: string;
  ask?: boolean;
  interview?: string;
  write?: string;
  target?: string;
  registries?: string;
  waves?: boolean;
  perTeam?: number;
  perWave?: number;
  rate?: number;
  html?: string;
}

interface Advised {
  set: TopicSet;
  answers: Answers;
  advice: Advice;
  team?: string;
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
    .option('--interview <file>', 'ask at this terminal, and write the answers to a file')
    .option('--write <folder>', 'write a migration file for each set')
    .option('--target <cluster>', 'the target that the files name')
    .option('--registries <source,target>', 'the schema registries between which schemas are to be copied')
    .option('--html <file>', 'write a page to look at, as ferry scan does')
    .option('--waves', 'order the sets into waves; with --write also as a fleet file')
    .option('--per-team <n>', 'at most so many applications of one team in a wave (3 unless given)', positive)
    .option('--per-wave <n>', 'at most so many sets in a wave (20 unless given)', positive)
    .option(
      '--rate <MB>',
      'so many megabytes a second are copied between the two clusters, where you have measured it',
      positive,
    )
    .action((inventory: string, answers: string | undefined, options: AdviseOptions) =>
      run(surroundings, options, () => showAdvice(surroundings, options, inventory, answers)),
    );
}

/** Exit code 3 when some set has no strategy yet that fits. */
async function showAdvice(
  { terminal }: Surroundings,
  options: AdviseOptions,
  inventoryPath: string,
  answersPath?: string,
): Promise<ExitCode> {
  const inventory = readInventory(inventoryPath);
  const file = answersPath === undefined ? { sets: {} } : readAnswers(answersPath);
  const registries = registriesOf(options.registries);
  if (options.html !== undefined) await writeInventoryPage(options.html, inventory, file, registries);
  const sets = setsOf(inventory);
  const notes = Object.keys(file.sets)
    .filter((name) => !sets.some((set) => set.name === name))
    .map((name) => `There is no set ${named(name)} any more: its answers are not used.`);
  const chosen = sets.filter(
    ({ topics }) => options.topic === undefined || topics.some(({ name }) => name === options.topic),
  );
  if (options.topic !== undefined && chosen.length === 0)
    throw badInput(`${inventoryPath} ${notMoved(options.topic, inventory)}.`);
  if (sets.length === 0) notes.push(nothingIn(inventoryPath, inventory));
  const inner = chosen.filter(isInner);
  if (inner.length > 0) notes.push(innerText(inner));
  const whole = chosen
    .filter((set) => !inner.includes(set))
    .map((set): Advised => {
      const { answers, team, note } = answersFor(set, file);
      if (note !== undefined) notes.push(note);
      return { set, answers, advice: advise(set, answers, registries), ...(team !== undefined && { team }) };
    });
  const complain = () => notes.forEach((note) => terminal.complain(note));
  if (options.ask) {
    complain();
    terminal.print(answersFileFor(whole).trimEnd());
    return exitCodes.done;
  }
  if (options.interview !== undefined) {
    // Before anything is asked: answers that could not be written would be lost.
    if (existsSync(options.interview)) throw isThere(options.interview);
    if (!terminal.redraws)
      throw badInput('--interview asks a person at a terminal: print the questions with --ask instead.');
    complain();
    const { askAtTerminal, interview } = await import('./interview.js');
    writeNew(options.interview, answersFileFor(await interview(whole, askAtTerminal)));
    terminal.print(`\nNext: ferry advise ${inventoryPath} ${options.interview}`);
    return exitCodes.done;
  }
  const names = new SetNames(sets.map(({ name }) => name));
  const advised = whole.flatMap((one) =>
    partsOf(one.set, one.advice.recommended, names).map((set) => ({
      ...one,
      set,
      advice: { ...one.advice, set: set.name },
    })),
  );
  const large = advised.filter(({ set }) => set.tooLarge).map(({ set }) => set.name);
  if (large.length > 0)
    notes.push(
      `ferry plan refuses ${few(large)} as too large: its only topic is more than one migration carries.`,
    );
  const bytesPerSecond = options.rate === undefined ? undefined : options.rate * 1_000_000;
  const plan = options.waves
    ? wavesOf(advised, inventory, {
        ...(options.perTeam !== undefined && { perTeam: options.perTeam }),
        ...(options.perWave !== undefined && { perWave: options.perWave }),
        ...(bytesPerSecond !== undefined && { bytesPerSecond }),
      })
    : undefined;
  // What is idle is looked at first: a file would have it moved.
  const moving = plan ? plan.waves.flatMap(({ planned }) => planned.map(({ set }) => set)) : undefined;
  const written =
    options.write === undefined
      ? []
      : writeFiles(
          options.write,
          advised.filter(({ set }) => moving?.includes(set) ?? true),
          inventory,
          {
            ...(options.target !== undefined && { target: options.target }),
            ...(registries && { registries }),
          },
        );
  const fleet =
    plan && plan.waves.length > 0 && options.write !== undefined
      ? writeFleet(options.write, inventory, plan)
      : undefined;
  if (options.write !== undefined && written.length === 0)
    notes.push('Nothing moves by this advice: neither a migration file nor a fleet file is written.');
  if (options.json)
    terminal.print(
      JSON.stringify({
        cluster: inventory.cluster,
        notes,
        written,
        ...(fleet !== undefined && { fleet }),
        ...(plan && {
          waves: wavesJson(plan),
          ...(plan.orderUnknown !== undefined && { orderUnknown: plan.orderUnknown }),
          idle: plan.idle,
        }),
        sets: advised.map(({ set, advice }) => ({
          ...advice,
          topics: set.topics.map(({ name }) => name),
          groups: set.groups.map(({ group }) => group),
          ties: set.ties,
          expected: expectedOf(set, bytesPerSecond),
        })),
      }),
    );
  else {
    const anywhere = unseenAnywhere(inventory).map(notSeen);
    const told = new Set(anywhere);
    const parts = [
      ...(plan ? [wavesText(plan)] : advised.map((one) => adviceText(one, told, bytesPerSecond))),
      ...(anywhere.length > 0
        ? [
            [
              'Of all sets, which it might tie to others:',
              ...anywhere.map((one) => `  ! ${oneLine(one)}`),
            ].join('\n'),
          ]
        : []),
    ].filter((text) => text !== '');
    if (parts.length > 0) terminal.print(parts.join('\n\n'));
    complain();
    const next = written[0];
    if (next !== undefined)
      terminal.print(
        `\n${written.length} ${written.length === 1 ? 'file' : 'files'} written${fleet === undefined ? '' : `, and ${fleet}`}. Next: ferry plan ${next}`,
      );
    else if (advised.some(({ advice }) => advice.recommended === null))
      terminal.print(`\nNext, answer: ferry advise ${inventoryPath} --ask > answers.yaml`);
  }
  return advised.every(({ advice }) => advice.recommended !== null) ? exitCodes.done : exitCodes.waiting;
}

/** Of an inventory without a set. */
function nothingIn(path: string, { topics, unseen, glob }: Inventory): string {
  const apart =
    topics.length > 0
      ? `, but ${topics.length} of Kafka itself, of Connect or of MirrorMaker, which are made anew`
      : '';
  const looked = glob === '*' ? '' : `, and was scanned with --topics ${named(glob)} alone`;
  const hidden = unseen.length > 0 ? `, and ${unseen.length} could not be looked at` : '';
  return `${path} has no topic that could be moved${apart}${looked}${hidden}: there is nothing to advise about.`;
}

/** Why a topic is in no set: one that was not seen is not one that is not there. */
function notMoved(topic: string, inventory: Inventory): string {
  const why = inventory.unseen.find((one) => one.topic === topic)?.unknown;
  if (why !== undefined)
    return `has topic ${named(topic)} as one that could not be looked at (${why}): scan again once it can be`;
  if (inventory.topics.some(({ name }) => name === topic))
    return `has topic ${named(topic)} as one of Kafka itself, of Connect or of MirrorMaker, which is made anew on the target and not moved`;
  return globbed(inventory.glob).test(topic)
    ? `has no topic ${named(topic)}: check its name`
    : `was scanned with --topics ${named(inventory.glob)}, which leaves out topic ${named(topic)}: scan again without it`;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) throw new InvalidArgumentError('expected a number above 0.');
  return value;
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
    writeNew(path, migrationFileFor(set, advice, answers, inventory, named));
    return path;
  });
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? isThere(path)
      : badInput(`${path} cannot be written: see whether this user may.`);
  }
}

const isThere = (path: string) => badInput(`${path} is there already: move it away, or name another place.`);

function writeFleet(folder: string, inventory: Inventory, plan: WavePlan): string {
  const path = join(folder, 'fleet.yaml');
  const name = inventory.cluster
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  writeNew(
    path,
    fleetFileFor(name.slice(0, 100) || 'fleet', plan, (set) => `${set.name}.yaml`),
  );
  return path;
}

function wavesJson({ waves }: WavePlan) {
  return waves.map(({ name, planned, bytes, hours }) => ({
    ...{ name, bytes, hours },
    sets: planned.map(({ set, teams, applications, after }) => ({
      ...{ set: set.name, teams, applications, after },
    })),
  }));
}

function wavesText({ waves, orderUnknown, idle }: WavePlan): string {
  return [
    ...(orderUnknown === undefined || waves.length === 0 ? [] : [oneLine(orderUnknownText(orderUnknown))]),
    ...waves.map((wave) =>
      [
        `${wave.name}: ${waveText(wave)}`,
        ...wave.planned.flatMap(({ set, advice, after }) => [
          `  ${set.name}: ${advice.recommended ?? 'no strategy fits yet'}`,
          ...after.map((why) => `    ${why}`),
        ]),
      ].join('\n'),
    ),
    ...(idle.length > 0
      ? [
          [
            'Nobody was seen to use these; look whether they can be deleted instead:',
            ...idle.map(({ topic, why }) => `  ${named(topic)}: ${why}`),
          ].join('\n'),
        ]
      : []),
  ].join('\n\n');
}

const words = { fits: 'fits', 'fits-if': 'fits if …', 'does-not-fit': 'does not fit' } as const;

/** @param told warnings that are told already */
function adviceText({ set, advice }: Advised, told: ReadonlySet<string>, bytesPerSecond?: number): string {
  const topics = set.topics.map(({ name }) => named(name)).join(', ');
  const groups = set.groups.map(({ group }) => named(group)).join(', ');
  return [
    `${advice.set}: ${advice.recommended ?? 'no strategy fits yet'}`,
    `  topics: ${topics}`,
    `  groups: ${groups === '' ? 'none seen' : groups}`,
    ...set.ties.map((tie) => `  tied: ${tie}`),
    ...expectedText(expectedOf(set, bytesPerSecond)).map((line) => `  ${line}`),
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
    ...advice.warnings.filter((one) => !told.has(one)).map((warning) => `  ! ${warning}`),
  ]
    .map(oneLine)
    .join('\n');
}

const ruleText = ({ sentence, holds, facts }: Judged): string =>
  `${sentence}: ${holds} (${facts.map(({ how, from }) => (how === 'unknown' ? from : `${how}: ${from}`)).join('; ')})`;
