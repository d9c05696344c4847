import type { TftpServerParts } from "./tftp-server.ts";
import { TftpServer } from "./tftp-server.ts";

/** TFTP servers, one for each address of ours that machines boot from. */
export class TftpService {
  readonly #parts: Omit<TftpServerParts, "address">;
  readonly #servers = new Map<string, TftpServer>();

  constructor(parts: Omit<TftpServerParts, "address">) {
    this.#parts = parts;
  }

  /**
   * Listens on these addresses and no others; transfers on an address that stays are not disturbed.
   *
   * @throws BindError when one cannot be had; those that could are served
   */
  async listenOn(addresses: readonly string[]): Promise<void> {
    for (const address of new Set(addresses)) {
      if (this.#servers.has(address)) continue;
      const server = new TftpServer({ ...this.#parts, address });
      await server.listen();
      this.#servers.set(address, server);
    }
    for (const [address, server] of this.#servers) {
      if (addresses.includes(address)) continue;
      this.#servers.delete(address);
      await server.close();
    }
  }

  async close(): Promise<void> {
    await this.listenOn([]);
  }
}
