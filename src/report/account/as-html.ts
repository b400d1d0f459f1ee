import { markup, type Html } from '../html.js';
import type { Block, Section, Table } from './document.js';
import { timelineChart } from './timeline.js';

/** Sections as parts of a page. @param within what its anchors begin with, where several migrations are on one page */
export function sectionsAsHtml(sections: readonly Section[], within = ''): Html[] {
  return sections.map(
    ({ title, blocks }) =>
      markup`<section aria-labelledby="${anchorOf(title, within)}">
        <h2 id="${anchorOf(title, within)}">${title}</h2>
        ${blocks.map(blockAsHtml)}
      </section> `,
  );
}

export const anchorOf = (title: string, within = ''): string =>
  `${within}${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;

function blockAsHtml(block: Block): Html {
  switch (block.kind) {
    case 'text':
      return block.weight === 'strong'
        ? markup`<p><strong>${block.text}</strong></p>`
        : markup`<p class="${block.weight ?? 'plain'}">${block.text}</p>`;
    case 'list':
      return markup`<ul>
        ${block.items.map((item) => markup`<li>${item}</li>`)}
      </ul>`;
    case 'table':
      return tableAsHtml(block);
    case 'code':
      return markup`<pre tabindex="0" aria-label="${block.label}">${block.text.split('\n').map((line) => markup`<code>${line}</code>`)}</pre>`;
    case 'chart':
      return markup`<figure>
        <figcaption>${block.title}</figcaption>
        <p class="key">
          <span class="works">works</span><span class="waits">waits for a person</span
          ><span class="blocked">blocked</span><span class="paused">paused</span>
        </p>
        <div class="scroll">${timelineChart(block.title, block.rows, block.pauses)}</div>
      </figure>`;
    case 'folded':
      return markup`<details class="part">
        <summary>${block.title}</summary>
        ${block.blocks.map(blockAsHtml)}
      </details> `;
  }
}

function tableAsHtml({ head, rows, numbers = [] }: Table): Html {
  const kind = (at: number) => (numbers.includes(at) ? 'n' : 't');
  return markup`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((title, at) => markup`<th scope="col" class="${kind(at)}">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            markup`<tr>
              ${row.map((cell, at) => markup`<td class="${kind(at)}">${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
