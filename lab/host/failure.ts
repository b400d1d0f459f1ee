/** What the lab reports to a person: one sentence that says what is wrong and what to do. */
export class LabError extends Error {
  override readonly name = 'LabError';

  /** @param exitCode 1 when something failed, 2 when what was asked for makes no sense. */
  constructor(
    sentence: string,
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(sentence);
  }
}

/** Where long work says how far it is; one plain line at a time. */
export type Progress = (line: string) => void;

export const silent: Progress = () => undefined;
