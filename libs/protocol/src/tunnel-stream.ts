// A tunnel as a stream, for what speaks over sockets. Both directions wait for whoever is slower.
import { Duplex } from 'node:stream';
import type { Tunnel } from './agent-link.ts';

/** @param end which end this is: a client sends input, a server output, and the tunnel is over with the server's last byte */
export function tunnelStream(tunnel: Tunnel, end: 'client' | 'server' = 'client'): Duplex {
  const sends = end === 'client' ? 'stdin' : 'stdout';
  let wantMore: (() => void) | undefined;
  const stream = new Duplex({
    read() {
      wantMore?.();
      wantMore = undefined;
    },
    write(chunk: Uint8Array, _encoding, done) {
      tunnel.send(sends, chunk).then(() => done(), done);
    },
    final(done) {
      if (end === 'client') tunnel.end('stdin');
      else tunnel.finish(0);
      done();
    },
    destroy(error, done) {
      if (end === 'client' || error || !stream.writableFinished) tunnel.abort(error ?? new Error('the connection was closed'));
      // Nobody reads any more: what still comes is let go.
      wantMore?.();
      done(error);
    },
  });
  // A tunnel may break at any time, also while nobody uses its stream yet or any more: they find it destroyed.
  stream.on('error', () => {});
  tunnel.onData((_channel, data) => {
    if (stream.destroyed || stream.push(data)) return undefined;
    return new Promise<void>((resolve) => {
      wantMore = resolve;
    });
  });
  if (end === 'server') {
    tunnel.onEnd(() => {
      if (!stream.destroyed) stream.push(null);
    });
  }
  void tunnel.finished.then(({ error }) => {
    if (stream.destroyed) return;
    if (error === undefined) stream.push(null);
    else stream.destroy(new Error(error));
  });
  return stream;
}
