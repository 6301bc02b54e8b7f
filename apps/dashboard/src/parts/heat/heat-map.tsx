// Nodes as tiles, as warm as what is requested of them (above) and used (below). A thousand of them are links that the arrow keys go along;
// what the one under the pointer or the keys has is said in words.
import { type KeyboardEvent, memo, useMemo, useRef, useState } from 'react';
import { heatOf, heatSteps, type Measure, type NodeHeat, shareText } from '../../model/heat.ts';
import { nodeState } from '../../model/node-state.ts';
import { objectLink } from '../../route.ts';
import './heat.css';

interface Props {
  nodes: NodeHeat[];
  measure: Measure;
}

/** So few have room for their names. */
const largeTilesMax = 60;

export function HeatMap({ nodes, measure }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const [shownName, setShownName] = useState<string>();
  const shown = nodes.find(({ name }) => name === shownName);
  const isLarge = nodes.length <= largeTilesMax;
  // Not drawn again when another is pointed at.
  const tiles = useMemo(
    () =>
      nodes.map((heat, index) => (
        <Tile key={heat.name} {...tileOf(heat, measure)} isLarge={isLarge} isFirst={index === 0} show={setShownName} />
      )),
    [nodes, measure, isLarge],
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const links = [...(list.current?.querySelectorAll('a') ?? [])];
    const next = neighbour(links, links.indexOf(document.activeElement as HTMLAnchorElement), event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <>
      <HeatLegend />
      <p className="heat-words">{shown ? wordsOf(shown, measure) : 'Point at a node, or go along them with the arrow keys.'}</p>
      <ul ref={list} className={isLarge ? 'heat large' : 'heat'} aria-label="Heat map of nodes" onKeyDown={onKeyDown}>
        {tiles}
      </ul>
    </>
  );
}

interface TileText {
  name: string;
  words: string;
  requested: number | undefined;
  used: number | undefined;
  requestedText: string;
  usedText: string;
  isTrouble: boolean;
}

/** Plain values, so that a tile is drawn again only when it looks otherwise. */
function tileOf(heat: NodeHeat, measure: Measure): TileText {
  const { requested, used } = heat[measure];
  return {
    name: heat.name,
    words: wordsOf(heat, measure),
    requested: heatOf(requested),
    used: heatOf(used),
    requestedText: shareText(requested),
    usedText: shareText(used),
    isTrouble: nodeState(heat.node) !== 'Ready',
  };
}

interface TileProps extends TileText {
  isLarge: boolean;
  /** Where Tab comes to; the others are reached from there. */
  isFirst: boolean;
  show(name: string): void;
}

const Tile = memo(function Tile({ name, words, requested, used, requestedText, usedText, isTrouble, isLarge, isFirst, show }: TileProps) {
  const half = (step: number | undefined, text: string) => (
    <span className="heat-row" aria-hidden="true">
      <span className={`heat-half heat-${step ?? 'none'}`} />
      {isLarge && <span>{text}</span>}
    </span>
  );
  return (
    <li>
      <a
        href={objectLink('Node', undefined, name)}
        className={isTrouble ? 'tile is-trouble' : 'tile'}
        tabIndex={isFirst ? 0 : -1}
        onFocus={() => show(name)}
        onPointerEnter={() => show(name)}
      >
        <span className="hidden">{words}</span>
        {isLarge && (
          <span className="tile-name" aria-hidden="true">
            {name}
          </span>
        )}
        {half(requested, requestedText)}
        {half(used, usedText)}
      </a>
    </li>
  );
});

const measureNames: Record<Measure, string> = { cpu: 'CPU', memory: 'memory', pods: 'pods' };

function wordsOf(heat: NodeHeat, measure: Measure): string {
  const { requested, used } = heat[measure];
  const of = measureNames[measure];
  const shares = measure === 'pods' ? `${shareText(used)} of its pods` : `${of} requested ${shareText(requested)}, used ${shareText(used)}`;
  return `${heat.name}: ${shares}, ${nodeState(heat.node)}`;
}

function HeatLegend() {
  const limits = heatSteps.map((limit) => `${Math.round(limit * 100)} %`);
  return (
    <p className="heat-legend">
      <span>Above requested, below used:</span>
      {[...limits.map((limit) => `< ${limit}`), `≥ ${limits.at(-1)}`].map((text, step) => (
        <span key={text}>
          <span className={`heat-half heat-${step}`} /> {text}
        </span>
      ))}
      <span>
        <span className="heat-half heat-none" /> not known
      </span>
    </p>
  );
}

/** Left and right go along, up and down to the nearest of the next row. */
function neighbour(links: HTMLAnchorElement[], index: number, key: string): HTMLAnchorElement | undefined {
  if (index < 0) return undefined;
  if (key === 'ArrowRight') return links[index + 1];
  if (key === 'ArrowLeft') return links[index - 1];
  if (key === 'Home') return links[0];
  if (key === 'End') return links.at(-1);
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return undefined;
  const from = links[index];
  const left = from?.offsetLeft;
  const others = key === 'ArrowDown' ? links.slice(index + 1) : links.slice(0, index).reverse();
  return others.find((link) => link.offsetLeft === left && link.offsetTop !== from?.offsetTop);
}
