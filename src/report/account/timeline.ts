import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { oneLine } from '../../migration/foreign-text.js';
import { Html } from '../html.js';
import type { ChartRow } from './document.js';

const colours = {
  works: 'var(--works)',
  waits: 'var(--waits)',
  blocked: 'var(--blocked)',
  paused: 'var(--paused)',
  unknown: 'var(--line)',
} as const;

const mostCharacters = 46;
const rowHeight = 22;

/**
 * Bars over time, one line for each row, with pauses behind them; drawn here, so that the page needs no program for it and
 * prints as it looks. Times are UTC.
 */
export function timelineChart(
  title: string,
  rows: readonly ChartRow[],
  pauses: readonly { from: string; to: string }[],
): Html {
  const spans = rows.flatMap(({ spans: all }, at) =>
    all.map(({ from, to, how }) => ({ at, from: new Date(from), to: new Date(to), how })),
  );
  const { document } = parseHTML('<!doctype html><html><body></body></html>') as unknown as {
    document: never;
  };
  const chart: unknown = Plot.plot({
    document,
    ariaLabel: title,
    width: 1100,
    height: rows.length * rowHeight + 50,
    marginLeft: 320,
    marginRight: 20,
    x: { type: 'utc', label: 'UTC', grid: true },
    // By their places: two long labels that begin alike are two rows.
    y: {
      label: null,
      type: 'band',
      domain: rows.map((_, at) => at),
      tickFormat: (at: number) => labelOf(rows[at]?.label ?? ''),
    },
    marks: [
      Plot.rectX(
        pauses.map(({ from, to }) => ({ from: new Date(from), to: new Date(to) })),
        { x1: 'from', x2: 'to', fill: 'var(--paused)', fillOpacity: 0.3 },
      ),
      // What took a moment is still seen.
      Plot.barX(spans, {
        ...{ x1: 'from', x2: 'to', y: 'at', insetTop: 3, insetBottom: 3 },
        fill: ({ how }: (typeof spans)[number]) => colours[how],
        stroke: ({ how }: (typeof spans)[number]) => colours[how],
        strokeWidth: 1.5,
      }),
    ],
  });
  // Plot writes labels as text nodes, which the document escapes.
  return new Html((chart as { outerHTML: string }).outerHTML);
}

function labelOf(label: string): string {
  const text = oneLine(label);
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
}
