/**
 * The sockets that the service manager hands over (sd_listen_fds(3)), by the name that it gives them
 * (`FileDescriptorName=`): file descriptors from 3 on.
 *
 * @returns nothing when they are meant for another process
 */
export function passedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): ReadonlyMap<string, number> {
  const { LISTEN_PID, LISTEN_FDS = "0", LISTEN_FDNAMES = "" } = environment;
  if (LISTEN_PID !== String(pid) || !/^\d{1,3}$/.test(LISTEN_FDS)) return new Map();
  const names = LISTEN_FDNAMES.split(":");
  return new Map(Array.from({ length: Number(LISTEN_FDS) }, (_, index) => [names[index] ?? "unknown", 3 + index]));
}
