import * as imported from '@dagrejs/dagre';
import { few } from '../migration/foreign-text.js';
import type { Graph, GraphNode } from './graph.js';
import { markup, type Html } from './html.js';

/** What is used of dagre, whose own types this compiler cannot resolve. */
interface Dagre {
  graphlib: {
    Graph: new (options: { directed: boolean }) => {
      setGraph(label: Record<string, string | number>): void;
      setDefaultEdgeLabel(label: () => object): void;
      setNode(id: string, label: { width: number; height: number }): void;
      setEdge(from: string, to: string): void;
      graph(): { width?: number; height?: number };
      node(id: string): { x: number; y: number };
    };
  };
  layout(graph: object): void;
}
const dagre = imported as unknown as Dagre;

/** Beyond this nobody can read a drawing, and its layout takes long: the lists beside it have everything. */
export const mostNodes = 120;
export const mostEdges = 600;

const boxHeight = 26;
const characterWidth = 7;
/** Widths are multiples of it, so that more sets have the same shape. */
const step = 40;
const mostCharacters = 34;

const kinds = { topic: 'topic', group: 'group', principal: 'principal' } as const;

/** The graph of a set from left to right; `undefined` where it is too large to be drawn, or has nothing to show. */
export function drawingOf({ nodes, edges }: Graph, title: string): Html | undefined {
  if (edges.length === 0 || nodes.length > mostNodes || edges.length > mostEdges) return undefined;
  const index = new Map(nodes.map(({ id }, at) => [id, at]));
  const pairs = edges.map(({ from, to }) => [index.get(from) ?? 0, index.get(to) ?? 0] as const);
  const { boxes, width, height } = layout(
    nodes.map((node) => Math.ceil((labelOf(node).length * characterWidth + 20) / step) * step),
    pairs,
  );
  const lines = edges.map(({ how }, at) => {
    const [from, to] = pairs[at] ?? [0, 0];
    const [a, b] = [boxes[from], boxes[to]];
    if (!a || !b) return undefined;
    const [x, toX] = [a.x + a.width / 2, b.x - b.width / 2];
    const middle = Math.round((x + toX) / 2);
    return markup`<path
      class="${how === 'reads' ? 'sure' : 'may'}"
      d="M${x},${a.y}C${middle},${a.y} ${middle},${b.y} ${toX},${b.y}"
    />`;
  });
  const drawn = nodes.map((node, at) => {
    const { x, y, width } = boxes[at] ?? { x: 0, y: 0, width: 0 };
    const label = labelOf(node);
    const all = few(node.names, 40);
    return markup`<g class="${node.kind}"
      >${label !== all && markup`<title>${all}</title>`}<rect
        x="${x - width / 2}"
        y="${y - boxHeight / 2}"
        width="${width}"
        height="${boxHeight}"
        rx="${node.kind === 'group' ? 13 : 3}"
      /><text x="${x}" y="${y + 4}">${label}</text></g
    >`;
  });
  return markup`<div class="drawing" tabindex="0" role="group" aria-label="${title}">
    <svg
      role="img"
      aria-label="${title}"
      width="${width}"
      height="${height}"
      viewBox="0 0 ${width} ${height}"
    >
      ${lines}${drawn}
    </svg>
  </div>`;
}

interface Layout {
  boxes: { x: number; y: number; width: number }[];
  width: number;
  height: number;
}

/** Most sets look alike: one topic, who writes it, who reads it. Each shape is laid out once. */
const known = new Map<string, Layout>();
const mostKnown = 5_000;

function layout(widths: readonly number[], edges: readonly (readonly [number, number])[]): Layout {
  const key = `${widths.join()} ${edges.join(';')}`;
  const before = known.get(key);
  if (before) return before;
  const graph = new dagre.graphlib.Graph({ directed: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 8, ranksep: 60, marginx: 4, marginy: 4, ranker: 'longest-path' });
  graph.setDefaultEdgeLabel(() => ({}));
  widths.forEach((width, at) => graph.setNode(String(at), { width, height: boxHeight }));
  for (const [from, to] of edges) graph.setEdge(String(from), String(to));
  dagre.layout(graph);
  const size = graph.graph();
  const found: Layout = {
    boxes: widths.map((width, at) => {
      const { x, y } = graph.node(String(at));
      return { x: Math.round(x), y: Math.round(y), width };
    }),
    width: Math.ceil(size.width ?? 0),
    height: Math.ceil(size.height ?? 0),
  };
  if (known.size < mostKnown) known.set(key, found);
  return found;
}

function labelOf({ kind, names }: GraphNode): string {
  const [first = ''] = names;
  if (names.length > 1) return `${names.length} ${kinds[kind]}s`;
  return first.length > mostCharacters ? `${first.slice(0, mostCharacters - 1)}…` : first;
}
