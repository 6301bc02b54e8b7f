// What a carrier may do that a network rarely does: deliver frames with no turn of the event loop between them.
import { describe, expect, it } from 'vitest';
import { type Frame, FrameTunnel } from './frame-tunnel.ts';

const silent = { write() {}, end() {}, destroy() {} };

describe('a tunnel', () => {
  it('handles a frame that comes right after the last one was handled', async () => {
    const tunnel = new FrameTunnel(silent);
    const got: string[] = [];
    tunnel.onData((_channel, data) => {
      got.push(Buffer.from(data).toString());
    });
    tunnel.onEnd((channel) => got.push(`end of ${channel}`));
    tunnel.receive({ channel: 'STDIN', data: Buffer.from('one') });
    for (let turns = 0; turns < 10; turns += 1) {
      await Promise.resolve();
      tunnel.receive({ channel: 'STDIN', data: Buffer.from(String(turns)) });
    }
    tunnel.receive({ channel: 'CLOSE', closes: 'STDIN' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(got).toEqual(['one', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'end of stdin']);
  });

  it('keeps what came before its end for a handler that comes late', async () => {
    const tunnel = new FrameTunnel(silent);
    tunnel.receive({ channel: 'STDOUT', data: Buffer.from('hello') });
    tunnel.receive({ channel: 'EXIT', exitCode: 3 });
    tunnel.carrierEnded();
    let got = '';
    tunnel.onData((_channel, data) => {
      got += Buffer.from(data).toString();
    });
    expect(await tunnel.finished).toEqual({ exitCode: 3 });
    expect(got).toBe('hello');
  });

  it('breaks when the other end sends frames without data for ever', async () => {
    const broken: string[] = [];
    const tunnel = new FrameTunnel({ ...silent, destroy: (error) => broken.push(error.message) });
    // Somebody who takes his time with the first byte.
    tunnel.onData(() => new Promise(() => undefined));
    tunnel.receive({ channel: 'STDIN', data: Buffer.from('x') });
    for (let count = 0; count < 1_000; count++) tunnel.receive({ channel: 'CLOSE', closes: 'STDIN' });
    expect(broken).toEqual(['the other end sent more than 100 frames without data']);
    expect(await tunnel.finished).toEqual({ exitCode: 0, error: broken[0] });
  });

  it('sends the newest size alone once a carrier that was full takes more', () => {
    const sent: unknown[] = [];
    let isReady = true;
    const write = ({ channel, width }: Frame) => {
      sent.push(width ?? channel);
      return isReady;
    };
    const tunnel = new FrameTunnel({ ...silent, write });
    tunnel.resize(1, 1);
    isReady = false;
    for (let width = 2; width < 100_000; width++) tunnel.resize(width, 1);
    expect(sent).toEqual([1, 2]);
    isReady = true;
    tunnel.carrierDrained();
    tunnel.resize(7, 1);
    expect(sent).toEqual([1, 2, 99_999, 7]);
  });
});
