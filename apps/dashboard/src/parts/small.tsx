// The small things every page is made of: states with a colour and a word, ages, links to objects, meters.
import type { ReactNode } from 'react';
import { ageText } from '../model/age.ts';
import { useNow } from '../now.ts';
import { objectLink } from '../route.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'quiet';

/** Tone is never the only sign: the word is always there. */
export function State({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`state ${tone}`}>{children}</span>;
}

const good = new Set(['Running', 'Ready', 'Bound', 'Available', 'True', 'Active']);
const quiet = new Set(['Completed', 'Succeeded', 'Terminating', 'Released']);
const underWay = new Set(['Pending', 'ContainerCreating', 'PodInitializing', 'NotReady', 'SchedulingGated', 'Unknown']);

export function toneOf(word: string): Tone {
  if (good.has(word)) return 'good';
  if (quiet.has(word)) return 'quiet';
  return underWay.has(word) || /^Init:\d/.test(word) ? 'warn' : 'bad';
}

export function Age({ of }: { of: string | undefined }) {
  const now = useNow();
  return (
    <time dateTime={of} title={of ? new Date(of).toLocaleString() : undefined}>
      {ageText(of, now)}
    </time>
  );
}

interface ObjectLinkProps {
  kind: string | undefined;
  namespace?: string | undefined;
  name: string | undefined;
  /** Of kinds that are not built in. */
  apiVersion?: string | undefined;
  children?: ReactNode;
}

export function ObjectLink({ kind, namespace, name, apiVersion, children }: ObjectLinkProps) {
  const href = objectLink(kind, namespace, name, apiVersion);
  const text = children ?? name;
  return href ? (
    <a href={href} title={namespace ? `${namespace}/${name}` : name}>
      {text}
    </a>
  ) : (
    <span>{text}</span>
  );
}

interface MeterProps {
  label: string;
  /** Undefined while it is not known. */
  requested: number | undefined;
  used?: number | undefined;
  total: number;
  text: (value: number) => string;
}

/** Requested as a bar, used as a mark on it. */
export function Meter({ label, requested, used, total, text }: MeterProps) {
  const share = (value: number) => (total > 0 ? Math.min(100, (value / total) * 100) : 0);
  const usedText = used === undefined ? '' : `, ${text(used)} used`;
  const isFull = requested !== undefined && total > 0 && requested / total > 0.9;
  const requestedText = requested === undefined ? '…' : text(requested);
  return (
    <div className="meter" title={`${label}: ${requestedText} of ${text(total)} requested${usedText}`}>
      <div className="meter-text">
        <span>{label}</span>
        <span>
          {requestedText} / {text(total)}
          {used !== undefined && <b> · {text(used)} used</b>}
        </span>
      </div>
      <div className="bar">
        <div className={isFull ? 'requested full' : 'requested'} style={{ width: `${share(requested ?? 0)}%` }} />
        {used !== undefined && <div className="used" style={{ width: `${share(used)}%` }} />}
      </div>
    </div>
  );
}

/** Says why there is nothing (yet) instead of an empty table. */
export function ListingNotice({ listings }: { listings: { state: string; error?: string | undefined; items: unknown[] }[] }) {
  const failed = listings.find((listing) => listing.state === 'failed');
  if (failed) return <p className="notice bad">{failed.error}</p>;
  const isEmpty = (state: string) => listings.some((listing) => listing.state === state && listing.items.length === 0);
  if (isEmpty('reconnecting')) return <p className="notice bad">Not known while the control plane cannot be reached.</p>;
  if (isEmpty('loading')) return <p className="quiet">Loading…</p>;
  return null;
}
