// The last minutes of one number, without axes; the pointer reads a value off it.
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

interface Props {
  label: string;
  /** Milliseconds and value, oldest first. */
  points: [number, number][];
  text: (value: number) => string;
}

const heightPx = 36;

export function Sparkline({ label, points, text }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colour = getComputedStyle(element).color;
    const made = new UPlot(
      {
        width: Math.max(60, element.clientWidth),
        height: heightPx,
        legend: { show: false },
        cursor: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        series: [{}, { stroke: colour, width: 1.5, points: { show: false } }],
        padding: [2, 0, 2, 0],
      },
      [[], []],
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: Math.max(60, element.clientWidth), height: heightPx }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => {
    plot.current?.setData([points.map(([atMs]) => atMs / 1000), points.map(([, value]) => value)]);
  }, [points]);
  const values = points.map(([, value]) => value);
  const summary = `${label}, last ${points.length} readings: ${text(Math.min(...values))} to ${text(Math.max(...values))}`;
  return <div ref={box} className="sparkline" role="img" aria-label={summary} title={summary} />;
}
