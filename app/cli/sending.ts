import { WorkflowUpdateFailedError } from '@temporalio/client';
import { userInfo } from 'node:os';
import { z } from 'zod';
import { oneLine } from '../../src/migration/foreign-text.js';
import type { MessageName } from '../../src/migration/messages.js';
import { isHumanStep } from '../../src/migration/strategies.js';
import { badInput, CommandFailure, exitCodes, type ExitCode } from './failure.js';
import { look } from './following.js';
import { betweenRuns, withTemporal, type Temporal } from './temporal.js';
import { configured, run, type CommonOptions, type Surroundings } from './verb.js';

export interface SayOptions extends CommonOptions {
  by?: string;
  note?: string;
}

export interface Message {
  to: string;
  name: MessageName;
  input: Record<string, unknown>;
  /** What has to be so before it is sent. @throws CommandFailure `BadInput` where it is not */
  insist?: (temporal: Temporal) => Promise<void>;
}

/** Sends one message as an update and prints the answer; a refusal is one sentence and bad input. */
export function send(surroundings: Surroundings, options: SayOptions, message: Message): Promise<void> {
  return run(surroundings, options, () =>
    withTemporal(configured(surroundings, options, true).temporal, async (temporal): Promise<ExitCode> => {
      const { to, name } = message;
      // Asked first: an update that no worker answers could still count when a worker starts later.
      const before = await look(temporal, to);
      if (before.status.outcome)
        throw new CommandFailure(
          'Refused',
          [`${to} has ended: ${before.status.outcome.sentence}`],
          exitCodes.badInput,
        );
      const asked = before.status.steps.map(({ id }) => id).filter(isHumanStep);
      if (isHumanStep(name) && !asked.includes(name))
        throw badInput(
          `${to} is a ${before.status.strategy}, which has no step ${name}; a person confirms ${asked.join(', ')}.`,
        );
      await message.insist?.(temporal);
      const input = {
        by: options.by ?? osUser(),
        ...(options.note !== undefined && { note: options.note }),
        ...message.input,
      };
      const answer = await temporal
        .answered(before.taskQueue, () =>
          betweenRuns(() =>
            temporal.migration(to).executeUpdate<unknown, [unknown]>(name, { args: [input] }),
          ),
        )
        .catch((error: unknown) => {
          throw refused(error) ?? error;
        });
      const text = z.string().catch('').parse(answer);
      surroundings.terminal.print(
        options.json
          ? JSON.stringify({ migration: to, message: name, input, answer: text })
          : oneLine(`${to}: ${text}`),
      );
      return exitCodes.done;
    }),
  );
}

/** The validator's sentence, as it was written for the person who asked. */
function refused(error: unknown): CommandFailure | undefined {
  return error instanceof WorkflowUpdateFailedError
    ? new CommandFailure('Refused', [error.cause?.message ?? error.message], exitCodes.badInput)
    : undefined;
}

/** Who sits at this machine. */
export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
