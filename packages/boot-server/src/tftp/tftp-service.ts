import type { EventLog } from "../log/events.ts";
import type { Settings } from "../settings/schema.ts";
import { ContentCache } from "./content-cache.ts";
import type { FileLibrary } from "./file-library.ts";
import { TftpServer } from "./tftp-server.ts";

export interface TftpServiceParts {
  readonly settings: NonNullable<Settings["tftp"]>;
  readonly library: FileLibrary;
  readonly log: EventLog;
}

const MIB = 1024 * 1024;

/** TFTP servers, one for each address of ours that machines boot from. */
export class TftpService {
  readonly #parts: TftpServiceParts;
  readonly #cache: ContentCache;
  readonly #servers = new Map<string, TftpServer>();

  constructor(parts: TftpServiceParts) {
    this.#parts = parts;
    this.#cache = new ContentCache(parts.settings.cacheMebibytes * MIB);
  }

  /**
   * Listens on these addresses and no others; transfers on an address that stays are not disturbed.
   *
   * @throws BindError when one cannot be had; those that could are served
   */
  async listenOn(addresses: readonly string[]): Promise<void> {
    const { settings, library, log } = this.#parts;
    for (const address of new Set(addresses)) {
      if (this.#servers.has(address)) continue;
      const server = new TftpServer({
        address,
        port: settings.port,
        library,
        cache: this.#cache,
        limits: settings,
        log,
      });
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
