import {
  type Dhcp4Message,
  type Ipv4Address,
  messageType,
  OPTION,
  readIpv4Option,
  readRelayInfo,
  subnetContains,
  ZERO_IPV4,
} from "@railhead/wire";
import type { DhcpNetwork } from "./network.ts";

/**
 * The networks that a client may be on; none when it is not on ours.
 *
 * Through a relay: the one that the relay names, by link selection (RFC 3527), subnet selection (RFC 3011) or its own
 * address on the client's link. A client that has an address is on that one's network, also where a relay forwards a
 * copy of its renewal: or the copies would contradict each other.
 *
 * A broadcast tells no more, where it cannot be known on which link it came in. A REQUEST then names the server or the
 * address that it chose. A DISCOVER may be for any link of ours: each gets its own offer, and the client hears but the
 * one on its link.
 *
 * @param arrivedOn the network of the link, where the socket tells
 */
export function selectNetworks(
  message: Dhcp4Message,
  networks: readonly DhcpNetwork[],
  arrivedOn: DhcpNetwork | undefined,
): readonly DhcpNetwork[] {
  const containing = (address: Ipv4Address) => networks.filter(({ subnet }) => subnetContains(subnet, address));
  if (message.ciaddr !== ZERO_IPV4) {
    const holding = containing(message.ciaddr);
    return holding.length > 0 || arrivedOn === undefined ? holding : [arrivedOn];
  }
  if (message.giaddr !== ZERO_IPV4) {
    const link = readRelayInfo(message)?.linkSelection ?? readIpv4Option(message, OPTION.subnetSelection);
    return containing(link ?? message.giaddr);
  }
  if (arrivedOn !== undefined) return [arrivedOn];
  const onLink = networks.filter(({ relayed }) => !relayed);
  if (onLink.length < 2 || messageType(message) === "discover") return onLink;
  const server = readIpv4Option(message, OPTION.serverId);
  const chosen = onLink.filter(({ serverAddress }) => serverAddress === server);
  if (server !== undefined) return chosen.length > 0 ? chosen : onLink.slice(0, 1);
  const requested = readIpv4Option(message, OPTION.requestedAddress);
  return requested === undefined ? [] : onLink.filter(({ subnet }) => subnetContains(subnet, requested));
}
