// Containers, mounts and networks are root's to make: whoever is not root is told so before anything is half done.

/** @throws Error that says how to run the command */
export function requireRoot(command: string, userId = process.getuid?.()): void {
  if (userId === 0) return;
  throw new Error(`${command} makes containers, mounts and networks, and so has to run as root, not as user ${userId}: sudo ${command}`);
}
