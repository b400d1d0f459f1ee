import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface SilentAddress {
  /** `host:port` */
  address: string;
  /** Connections that were made, and those that whoever made them has given up. */
  made: number;
  given: number;
  close(): void;
}

/** Takes connections and never says a word, as a host does behind a firewall or a broker that hangs. */
export async function silentAddress(): Promise<SilentAddress> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    silent.made++;
    socket.on('error', () => undefined).once('close', () => silent.given++);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const silent: SilentAddress = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    made: 0,
    given: 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return silent;
}
