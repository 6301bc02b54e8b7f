// What a carrier may do that a network rarely does: deliver frames with no turn of the event loop between them.
import { describe, expect, it } from 'vitest';
import { FrameTunnel } from './frame-tunnel.ts';

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
});
