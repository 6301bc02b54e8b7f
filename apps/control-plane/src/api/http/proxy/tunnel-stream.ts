// A tunnel to a pod's port as a stream, for what speaks over sockets. Both directions wait for whoever is slower.
import { Duplex } from 'node:stream';
import type { Tunnel } from '@berth/protocol';

export function tunnelStream(tunnel: Tunnel): Duplex {
  let wantMore: (() => void) | undefined;
  const stream = new Duplex({
    read() {
      wantMore?.();
      wantMore = undefined;
    },
    write(chunk: Uint8Array, _encoding, done) {
      tunnel.send('stdin', chunk).then(() => done(), done);
    },
    final(done) {
      tunnel.end('stdin');
      done();
    },
    destroy(error, done) {
      tunnel.abort(error ?? new Error('the connection was closed'));
      // Nobody reads any more: what still comes is let go.
      wantMore?.();
      done(error);
    },
  });
  tunnel.onData((_channel, data) => {
    if (stream.destroyed || stream.push(data)) return undefined;
    return new Promise<void>((resolve) => {
      wantMore = resolve;
    });
  });
  void tunnel.finished.then(({ error }) => {
    if (stream.destroyed) return;
    if (error === undefined) stream.push(null);
    else stream.destroy(new Error(error));
  });
  return stream;
}
