import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { oneLine } from '../migration/foreign-text.js';
import { Html } from './html.js';

export interface Bar {
  name: string;
  value: number;
}

const mostBars = 10;
const mostCharacters = 32;

/**
 * The largest values as bars, drawn here so that the page needs no program for them and prints as it looks. `undefined`
 * where no value is above 0.
 *
 * @param unit of the values, a word of the ferry's own
 */
export function barChart(bars: readonly Bar[], unit: string): Html | undefined {
  const largest = bars
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value)
    .slice(0, mostBars)
    .map(({ name, value }, at) => ({ at, label: labelOf(name), value }));
  if (largest.length === 0) return undefined;
  const { document } = parseHTML('<!doctype html><html><body></body></html>') as unknown as {
    document: never;
  };
  const chart: unknown = Plot.plot({
    document,
    ariaLabel: `The largest by ${unit}`,
    width: 560,
    marginLeft: 220,
    marginRight: 50,
    x: { label: unit, tickFormat: '~s', ticks: 5, nice: true },
    // By their places: two long names that begin alike are two bars.
    y: {
      label: null,
      domain: largest.map(({ at }) => at),
      tickFormat: (at: number) => largest[at]?.label ?? '',
    },
    marks: [
      Plot.barX(largest, { x: 'value', y: 'at', fill: 'var(--accent)' }),
      Plot.text(largest, {
        x: 'value',
        y: 'at',
        text: ({ value }: (typeof largest)[number]) => short(value),
        textAnchor: 'start',
        dx: 4,
      }),
      Plot.ruleX([0]),
    ],
  });
  // Plot writes names as text nodes, which the document escapes.
  return new Html((chart as { outerHTML: string }).outerHTML);
}

const short = (value: number): string =>
  new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);

function labelOf(name: string): string {
  const text = oneLine(name);
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
}
