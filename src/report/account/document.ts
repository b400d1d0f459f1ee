/**
 * What a report says, before it is a page or a text: sections of plain text. Nothing in it is marked up, so that whoever
 * writes it down decides how a name stays text.
 */
export interface Section {
  title: string;
  blocks: Block[];
}

export type Block =
  | { kind: 'text'; text: string; weight?: 'strong' | 'warn' | 'soft' }
  | { kind: 'list'; items: string[] }
  | Table
  | { kind: 'code'; text: string; label: string }
  /** Only where it can be drawn: what it shows stands in a table too. */
  | { kind: 'chart'; title: string; rows: ChartRow[]; pauses: { from: string; to: string }[] }
  /** What is long, and looked at by those alone who want it. */
  | { kind: 'folded'; title: string; blocks: Block[] };

export interface Table {
  kind: 'table';
  head: string[];
  /** Columns of numbers, by their places. */
  numbers?: number[];
  rows: string[][];
}

export interface ChartRow {
  label: string;
  spans: { from: string; to: string; how: 'works' | 'waits' | 'blocked' | 'paused' | 'unknown' }[];
}

/** Rows of one table, so that a page of a thousand topics still opens. */
const mostRows = 500;

/** A table of the first rows, and how many more there are where. */
export function tableOf(head: string[], rows: readonly string[][], numbers: number[] = []): Block[] {
  const left = rows.length - mostRows;
  return [
    { kind: 'table', head, rows: rows.slice(0, mostRows), numbers },
    ...(left > 0
      ? [
          {
            kind: 'text' as const,
            text: `And ${left.toLocaleString('en-US')} rows more: ferry report --json has all of them.`,
            weight: 'soft' as const,
          },
        ]
      : []),
  ];
}

export const text = (sentence: string, weight?: 'strong' | 'warn' | 'soft'): Block => ({
  ...{ kind: 'text', text: sentence },
  ...(weight && { weight }),
});
