/** The map drawn: Graphviz DOT and Mermaid. Names are only ever text in a drawing; none of them can be more than that. */
import { showHidden } from '../../canonical/index.ts';
import { must } from '../../errors/index.ts';
import type { MapReport } from './map.ts';

interface Drawing {
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly isTopic: boolean }[];
  /** solid: it happens (recorded, subscribed); dashed: it is only allowed */
  readonly arrows: readonly {
    readonly from: string;
    readonly to: string;
    readonly label: string;
    readonly isLive: boolean;
  }[];
}

export function mapDot(report: MapReport): string {
  const { nodes, arrows } = drawn(report);
  return [
    'digraph nervous {',
    '  rankdir=LR;',
    ...nodes.map(({ id, label, isTopic }) => `  ${id} [label=${dot(label)}, shape=${isTopic ? 'ellipse' : 'box'}];`),
    ...arrows.map(
      ({ from, to, label, isLive }) =>
        `  ${from} -> ${to} [label=${dot(label)}, style=${isLive ? 'solid' : 'dashed'}];`,
    ),
    '}',
    '',
  ].join('\n');
}

export function mapMermaid(report: MapReport): string {
  const { nodes, arrows } = drawn(report);
  return [
    'flowchart LR',
    ...nodes.map(({ id, label, isTopic }) => `  ${id}${isTopic ? '(' : '['}"${mermaid(label)}"${isTopic ? ')' : ']'}`),
    ...arrows.map(({ from, to, label, isLive }) => {
      const line = isLive ? '-->' : '-.->';
      return label === '' ? `  ${from} ${line} ${to}` : `  ${from} ${line}|"${mermaid(label)}"| ${to}`;
    }),
    '',
  ].join('\n');
}

/** Nodes are numbered, so that no name is needed to refer to one. */
function drawn({ parties, topics, publishes, subscribes }: MapReport): Drawing {
  const partyIds = new Map(parties.map(({ id }, i) => [id, `p${i}`]));
  const topicIds = new Map(topics.map(({ topic }, i) => [topic, `t${i}`]));
  const idsOf = ({ party, topic }: { party: string; topic: string }): [party: string, topic: string] => [
    must(partyIds.get(party), 'the id of a party'),
    must(topicIds.get(topic), 'the id of a topic'),
  ];
  return {
    nodes: [
      ...parties.map(({ id, kind }) => ({
        id: must(partyIds.get(id), 'the id of a party'),
        label: `${id} (${kind})`,
        isTopic: false,
      })),
      ...topics.map(({ topic }) => ({
        id: must(topicIds.get(topic), 'the id of a topic'),
        label: topic,
        isTopic: true,
      })),
    ],
    arrows: [
      ...publishes.map((one) => {
        const [from, to] = idsOf(one);
        return { from, to, label: one.events === 0 ? '' : String(one.events), isLive: one.events > 0 };
      }),
      ...subscribes.map((one) => {
        const [to, from] = idsOf(one);
        return { from, to, label: one.subscriptions.join(', '), isLive: one.subscriptions.length > 0 };
      }),
    ],
  };
}

/** A quoted string of DOT; in it only backslash, quote and line break mean anything. */
function dot(text: string): string {
  return `"${showHidden(text, 'line').replaceAll(/[\\"]/g, '\\$&')}"`;
}

/** Everything that could mean something to Mermaid or HTML as an entity of Mermaid's. */
function mermaid(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 ._,:/@()-]/gu, (char) => `#${must(char.codePointAt(0), 'the character')};`);
}
