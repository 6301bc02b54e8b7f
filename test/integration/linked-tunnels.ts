// Two ends of a tunnel that has no network between them, for tests in which a node is a fake.
import { FrameTunnel, type Tunnel } from '@berth/protocol';

export function linkedTunnels(): [Tunnel, Tunnel] {
  const carrierTo = (other: () => FrameTunnel) => ({
    write: (frame: Parameters<FrameTunnel['receive']>[0]) => queueMicrotask(() => other().receive(frame)),
    end: () => queueMicrotask(() => other().carrierEnded()),
    destroy: (error: Error) => queueMicrotask(() => other().carrierBroke(error)),
  });
  const near: FrameTunnel = new FrameTunnel(carrierTo(() => far));
  const far: FrameTunnel = new FrameTunnel(carrierTo(() => near));
  return [near, far];
}
