/** What a test says to the process that holds its UDP sockets, one JSON object a line. */
export type UdpCommand =
  | { readonly op: "open"; readonly socket: number; readonly address: string; readonly port: number }
  | {
      readonly op: "send";
      readonly socket: number;
      readonly address: string;
      readonly port: number;
      readonly hex: string;
    }
  /** Answered by `flushed` when everything before it has been given to the kernel. */
  | { readonly op: "flush"; readonly socket: number; readonly id: number };

/** What that process says. */
export type UdpNotice =
  | { readonly kind: "opened"; readonly socket: number; readonly port: number }
  | {
      readonly kind: "received";
      readonly socket: number;
      readonly address: string;
      readonly port: number;
      readonly hex: string;
    }
  | { readonly kind: "flushed"; readonly socket: number; readonly id: number }
  | { readonly kind: "failed"; readonly socket: number; readonly error: string };
