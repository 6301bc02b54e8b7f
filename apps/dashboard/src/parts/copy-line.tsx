// A command, and a button that copies it.
import { useState } from 'react';

export function CopyLine({ text }: { text: string }) {
  const [copied, setCopied] = useState<string>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(text);
    } catch {
      // Some browsers refuse it; the text can still be selected.
      setCopied(undefined);
    }
  };
  return (
    <p className="copy-line">
      <code>{text}</code>
      <button type="button" onClick={() => void copy()}>
        {copied === text ? 'Copied' : 'Copy'}
      </button>
    </p>
  );
}
