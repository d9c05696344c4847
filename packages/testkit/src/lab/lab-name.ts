/** Names of what labs make on this machine: they tell which process it belongs to. */
export function labName(rest: string): string {
  return `railhead-test-${process.pid}-${rest}`;
}

/** Whether a namespace or directory is of a test process that is no more, and so could not clean up. */
export function isLeftBehind(name: string): boolean {
  const pid = /^railhead-test-([0-9]+)-/.exec(name)?.[1];
  return pid !== undefined && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
