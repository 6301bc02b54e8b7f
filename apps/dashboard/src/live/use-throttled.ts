// A value that changes more often than it is worth computing with: what is made of ten thousand objects is made twice a second at most.
import { useEffect, useRef, useState } from 'react';

/** @param pauseMs between two values; with 0 each is handed on at once */
export function useThrottled<T>(value: T, pauseMs: number): T {
  const [last, setLast] = useState(value);
  const handedOnMs = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (pauseMs === 0) return;
    const dueInMs = handedOnMs.current + pauseMs - performance.now();
    const handOn = () => {
      handedOnMs.current = performance.now();
      setLast(value);
    };
    const timer = setTimeout(handOn, Math.max(0, dueInMs));
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return pauseMs === 0 ? value : last;
}
