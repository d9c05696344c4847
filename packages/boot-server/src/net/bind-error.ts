/** An address or port that the server needs cannot be had. */
export class BindError extends Error {
  override readonly name = "BindError";
  readonly code = "cannot-bind";
  readonly hint: string;

  constructor(what: string, place: string, cause: unknown) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    super(
      `${what} cannot listen on ${place}: ${REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause))}`,
      { cause },
    );
    this.hint = HINTS[code] ?? "see docs/troubleshooting.md";
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has the port",
  EADDRNOTAVAIL: "no interface of this machine has that address",
  EACCES: "not allowed",
};

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "find it with `ss -lunpt`, then stop it or give this server another address",
  EADDRNOTAVAIL: "give the address to an interface (`ip addr add`), or mend the configuration",
  EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE",
};
