/** What the driver says to an application. */
export interface Request {
  id: number;
  command: string;
  /** Only with `start`; over the channel and not on the command line, since it holds credentials. */
  config?: unknown;
}

export type Reply = { id: number; result: unknown } | { id: number; problem: string };

type Commands = Record<string, () => unknown>;

/**
 * Serves the driver from inside a child process. Commands run one after the other, `status` at any time; the process
 * ends after `stop`, and when the driver is gone.
 *
 * @param start makes the application of a configuration.
 */
export function serve<Config>(start: (config: Config) => Promise<Commands>): void {
  let application: Commands | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const run = async ({ command, config }: Request): Promise<unknown> => {
    if (command === 'start') {
      application = await start(config as Config);
      return null;
    }
    const action = application?.[command];
    if (!action) throw new Error(`The application does not know ${command}, or has not started.`);
    return (await action()) ?? null;
  };

  process.on('message', (request: Request) => {
    const result = request.command === 'status' ? run(request) : turn.then(() => run(request));
    if (request.command !== 'status') turn = result.catch(() => undefined);
    const end = request.command === 'stop' ? () => process.exit(0) : undefined;
    result.then(
      (value) => answer({ id: request.id, result: value }, end),
      (error: unknown) =>
        answer({ id: request.id, problem: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches every process of a terminal; when to stop is for the driver to say.
  process.on('SIGINT', () => undefined);
}

function answer(reply: Reply, then: () => void = () => undefined): void {
  process.send?.(reply, then);
}
