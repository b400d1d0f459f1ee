import { grantsOf } from '../advice/applications.js';
import { topicsOf, type TopicSet } from '../advice/sets.js';
import type { Inventory } from '../inventory/inventory.js';

export type NodeKind = 'topic' | 'group' | 'principal';

export interface GraphNode {
  id: string;
  kind: NodeKind;
  /** One name, or those of all that hang together with the same others: they are drawn as one. */
  names: string[];
}

export interface GraphEdge {
  from: string;
  to: string;
  /** `reads`: a topic and a group; `may write`, `may read`: by ACLs. */
  how: 'reads' | 'may write' | 'may read';
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** More names than this with the same neighbours are drawn as one. */
const foldedFrom = 3;

/**
 * Topics, groups and principals of a set: principals that may write on the left, topics, who reads on the right. What has the
 * same neighbours is folded into one, so that a set of hundreds of topics can be looked at.
 */
export function graphOf(set: TopicSet, acls: Inventory['acls']): Graph {
  const granted = grantsOf(acls);
  const names = set.topics.map(({ name }) => name);
  const inside = new Set(names);
  const edges = new Map<string, GraphEdge>();
  const connect = (from: string, to: string, how: GraphEdge['how']) =>
    edges.set(`${from}\n${to}`, { from, to, how });
  for (const group of set.groups)
    for (const topic of topicsOf(group, names))
      if (inside.has(topic)) connect(`topic ${topic}`, `group ${group.group}`, 'reads');
  const principals = new Set<string>();
  for (const topic of names)
    for (const { principal, operation } of granted.on('topic', topic)) {
      if (operation === 'write' || operation === 'all')
        connect(`principal ${principal}`, `topic ${topic}`, 'may write');
      else if (operation === 'read') connect(`topic ${topic}`, `principal ${principal}`, 'may read');
      else continue;
      principals.add(principal);
    }
  return folded(
    [
      ...names.map((name): GraphNode => ({ id: `topic ${name}`, kind: 'topic', names: [name] })),
      ...set.groups.map(({ group }): GraphNode => ({ id: `group ${group}`, kind: 'group', names: [group] })),
      ...[...principals].map((name): GraphNode => ({
        id: `principal ${name}`,
        kind: 'principal',
        names: [name],
      })),
    ],
    [...edges.values()],
  );
}

/**
 * What ties a set that is too large to be drawn whole: first who uses one topic alone is left out, then all principals. What
 * is alike then, is folded again.
 */
export function simplified({ nodes, edges }: Graph, most: number): Graph | undefined {
  const used = new Map<string, number>();
  for (const { from, to } of edges) for (const id of [from, to]) used.set(id, (used.get(id) ?? 0) + 1);
  const without = (dropped: (node: GraphNode) => boolean) => {
    const gone = new Set(nodes.filter(dropped).map(({ id }) => id));
    return folded(
      nodes.filter(({ id }) => !gone.has(id)),
      edges.filter(({ from, to }) => !gone.has(from) && !gone.has(to)),
    );
  };
  const alone = ({ id, kind }: GraphNode) => kind !== 'topic' && (used.get(id) ?? 0) < 2;
  return [without(alone), without((node) => alone(node) || node.kind === 'principal')].find(
    (graph) => graph.nodes.length <= most,
  );
}

function folded(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Graph {
  const around = new Map<string, string[]>();
  for (const { from, to, how } of edges) {
    around.set(from, [...(around.get(from) ?? []), `> ${how} ${to}`]);
    around.set(to, [...(around.get(to) ?? []), `< ${how} ${from}`]);
  }
  const alike = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const key = `${node.kind}\n${(around.get(node.id) ?? []).sort().join('\n')}`;
    alike.set(key, [...(alike.get(key) ?? []), node]);
  }
  const idOf = new Map<string, string>();
  const kept = [...alike.values()].flatMap((same): GraphNode[] => {
    const [first] = same;
    if (!first || same.reduce((sum, { names }) => sum + names.length, 0) < foldedFrom || same.length === 1) {
      for (const { id } of same) idOf.set(id, id);
      return same;
    }
    for (const { id } of same) idOf.set(id, first.id);
    return [{ ...first, names: same.flatMap(({ names }) => names) }];
  });
  const drawn = new Map<string, GraphEdge>();
  for (const { from, to, how } of edges) {
    const edge = { from: idOf.get(from) ?? from, to: idOf.get(to) ?? to, how };
    drawn.set(`${edge.from}\n${edge.to}`, edge);
  }
  return { nodes: kept, edges: [...drawn.values()] };
}
