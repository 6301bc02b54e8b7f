// The YAML of an object, to be read, changed and applied. The server checks it in a dry run first, unknown fields included; each mistake is
// told with its line, and leads there.
import { useMemo, useRef, useState } from 'react';
import { ApiError } from '../live/api-client.ts';
import { useSession } from '../live/session-context.ts';
import { useAccess } from '../live/use-access.ts';
import { subjectOf } from '../model/actions/subject.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { type FieldChange, objectDiff } from '../model/object-diff.ts';
import { objectPath, type ResourceType } from '../model/resource-types.ts';
import { type Located, locate, parseYaml, yamlOf } from '../model/yaml-text.ts';
import { DiffTable } from './diff-table.tsx';

type Checked =
  | { state: 'none' | 'asking' | 'applied' }
  | { state: 'mistakes'; mistakes: Located[] }
  | { state: 'ready'; changes: FieldChange[]; warnings: string[]; text: string };

export function YamlEditor({ type, object }: { type: ResourceType; object: KubernetesObject }) {
  const apiVersion = type.group ? `${type.group}/${type.version}` : type.version;
  const current = useMemo(() => yamlOf(object, apiVersion, type.kind), [object, apiVersion, type.kind]);
  const [draft, setDraft] = useState<string>();
  const [checked, setChecked] = useState<Checked>({ state: 'none' });
  const [mayUpdate] = useAccess([subjectOf(type, object).may('update')]);
  const area = useRef<HTMLTextAreaElement>(null);
  const { api } = useSession();
  const text = draft ?? current;
  const path = objectPath(type, object.metadata.namespace, object.metadata.name ?? '');
  const send = async (isDryRun: boolean) => {
    const parsed = parseYaml(text);
    if ('mistakes' in parsed) return setChecked({ state: 'mistakes', mistakes: parsed.mistakes });
    setChecked({ state: 'asking' });
    try {
      const query = { fieldValidation: 'Strict', ...(isDryRun && { dryRun: 'All' }) };
      const { object: answer, warnings } = await api.write({ method: 'PUT', path, body: parsed.object }, query);
      if (isDryRun) return setChecked({ state: 'ready', changes: objectDiff(object, answer), warnings, text });
      setDraft(undefined);
      setChecked({ state: 'applied' });
    } catch (error) {
      const { message, causes } = error instanceof ApiError ? error : { message: String(error), causes: [] };
      setChecked({ state: 'mistakes', mistakes: locate(text, message, causes) });
    }
  };
  const edit = (changed: string) => {
    setDraft(changed);
    setChecked({ state: 'none' });
  };
  return (
    <section className="yaml" aria-label="YAML">
      <div className="filters">
        {mayUpdate === true ? (
          <>
            <button type="button" disabled={draft === undefined || checked.state === 'asking'} onClick={() => void send(true)}>
              Check
            </button>
            <button type="button" className="primary" disabled={checked.state !== 'ready'} onClick={() => void send(false)}>
              Apply
            </button>
            {draft !== undefined && (
              <button
                type="button"
                onClick={() => {
                  setDraft(undefined);
                  setChecked({ state: 'none' });
                }}
              >
                Discard changes
              </button>
            )}
          </>
        ) : (
          mayUpdate === false && <span className="quiet">You may not change it.</span>
        )}
      </div>
      <Answer checked={checked} show={(line) => showLine(area.current, text, line)} />
      <TextWithLines area={area} text={text} isReadOnly={mayUpdate !== true} change={edit} />
    </section>
  );
}

function Answer({ checked, show }: { checked: Checked; show(line: number): void }) {
  return (
    <div role="status">
      {checked.state === 'asking' && <p className="quiet">Asking the server…</p>}
      {checked.state === 'applied' && <p className="notice good">Applied.</p>}
      {checked.state === 'mistakes' && (
        <ul className="notice bad" aria-label="Mistakes">
          {checked.mistakes.map(({ line, message }) => (
            <li key={`${line} ${message}`}>
              {line !== undefined && (
                <button type="button" onClick={() => show(line)}>
                  Line {line}
                </button>
              )}{' '}
              {message}
            </li>
          ))}
        </ul>
      )}
      {checked.state === 'ready' && (
        <>
          {checked.warnings.map((warning) => (
            <p key={warning} className="trouble">
              {warning}
            </p>
          ))}
          <DiffTable changes={checked.changes} />
        </>
      )}
    </div>
  );
}

interface TextProps {
  area: React.RefObject<HTMLTextAreaElement | null>;
  text: string;
  isReadOnly: boolean;
  change(text: string): void;
}

/** The numbers scroll with the text, as they stand in one box with it. */
function TextWithLines({ area, text, isReadOnly, change }: TextProps) {
  const count = text.split('\n').length;
  const numbers = useMemo(() => Array.from({ length: count }, (_, index) => index + 1).join('\n'), [count]);
  return (
    <div className="text-with-lines">
      <pre aria-hidden="true">{numbers}</pre>
      <textarea
        ref={area}
        aria-label="YAML of the object"
        spellCheck={false}
        wrap="off"
        rows={count + 1}
        readOnly={isReadOnly}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
    </div>
  );
}

function showLine(area: HTMLTextAreaElement | null, text: string, line: number): void {
  if (!area) return;
  const lines = text.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  const top = area.getBoundingClientRect().top + ((line - 1) / lines.length) * area.clientHeight;
  area.closest('main')?.scrollBy({ top: top - 200 });
}
