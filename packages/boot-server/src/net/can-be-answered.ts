/** Port 0 says that no answer is wanted (RFC 768), and nothing can be sent there; only a forged datagram comes from it. */
export function canBeAnswered(sender: { readonly port: number }): boolean {
  return sender.port !== 0;
}
