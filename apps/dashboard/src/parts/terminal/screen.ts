// The screen that a terminal is drawn on: xterm.js in the page's colours, as large as its box, with the keys that copy and paste.
import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';

export interface ScreenEvents {
  typed(text: string): void;
  resized(columns: number, rows: number): void;
  /** The keys by which one leaves the screen without a pointer, as Tab belongs to the shell. */
  left(): void;
}

const scrollbackLines = 5_000;
const utf8 = new TextEncoder();

const dark: ITheme = { background: '#0d1117', foreground: '#e3e8ed', cursor: '#e3e8ed', selectionBackground: '#3a5f8a' };
const light: ITheme = {
  background: '#ffffff',
  foreground: '#1b232b',
  cursor: '#1b232b',
  selectionBackground: '#b5d3f2',
  black: '#1b232b',
  red: '#b3261e',
  green: '#137333',
  yellow: '#7a4a00',
  blue: '#0b5cad',
  magenta: '#8a2b8a',
  cyan: '#0b6670',
  white: '#5a6672',
  brightBlack: '#5a6672',
  brightWhite: '#303a45',
};

export class Screen {
  readonly #terminal: Terminal;
  readonly #observer: ResizeObserver;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  readonly #recolour = () => {
    this.#terminal.options.theme = this.#scheme.matches ? dark : light;
  };

  constructor(box: HTMLElement, { label, convertsLines }: { label: string; convertsLines: boolean }, events: ScreenEvents) {
    const terminal = new Terminal({
      convertEol: convertsLines,
      cursorBlink: true,
      fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: 13,
      minimumContrastRatio: 4.5,
      scrollback: scrollbackLines,
      theme: this.#scheme.matches ? dark : light,
    });
    this.#terminal = terminal;
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.attachCustomKeyEventHandler((event) => this.#isForShell(event, events));
    terminal.onData((text) => events.typed(text));
    terminal.onResize(({ cols, rows }) => events.resized(cols, rows));
    terminal.open(box);
    terminal.textarea?.setAttribute('aria-label', label);
    fit.fit();
    this.#observer = new ResizeObserver(() => fit.fit());
    this.#observer.observe(box);
    this.#scheme.addEventListener('change', this.#recolour);
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#terminal.cols, rows: this.#terminal.rows };
  }

  get selection(): string {
    return this.#terminal.getSelection();
  }

  set isForScreenReaders(value: boolean) {
    this.#terminal.options.screenReaderMode = value;
  }

  write(data: Uint8Array, drawn: () => void): void {
    this.#terminal.write(data, drawn);
  }

  /** As the shell wants it, which may tell what is pasted from what is typed. */
  paste(text: string): void {
    this.#terminal.paste(text);
    this.#terminal.focus();
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** What is there stays to be read; nothing blinks. */
  end(): void {
    this.#terminal.options.cursorBlink = false;
    this.#terminal.options.disableStdin = true;
  }

  stop(): void {
    this.#scheme.removeEventListener('change', this.#recolour);
    this.#observer.disconnect();
    this.#terminal.dispose();
  }

  /** Ctrl-C copies while something is selected, Ctrl-V pastes, with Shift as well; Ctrl-Shift-Enter leaves. */
  #isForShell(event: KeyboardEvent, events: ScreenEvents): boolean {
    const isControl = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (!isControl || event.type !== 'keydown') return true;
    const key = event.key.toLowerCase();
    if (key === 'enter' && event.shiftKey) {
      event.preventDefault();
      events.left();
      return false;
    }
    // The browser pastes into the library's text area.
    if (key === 'v') return false;
    if (key !== 'c' || !this.#terminal.hasSelection()) return true;
    event.preventDefault();
    void navigator.clipboard.writeText(this.selection);
    this.#terminal.clearSelection();
    return false;
  }
}

export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text);
}
