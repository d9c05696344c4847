import { appendFile, cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOrThrow } from "@railhead/testkit";
import { LOCATIONS } from "../locations.ts";
import { pathOf } from "../needs.ts";
import { MACHINE } from "../servers/site.ts";

/** What the last unit prints on the console: the node runs. */
export const MARKER = "RAILHEAD-BENCH-NODE-RUNS";

const UNIT = `[Unit]
Description=Tell the benchmark that all units before this one are up

[Service]
Type=oneshot
StandardOutput=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/echo ${MARKER}
`;

/** Makes a git repository of the example's units with one more at the end, that prints the marker. */
export async function makeConfigRepo(path: string): Promise<void> {
  await cp(LOCATIONS.exampleConfigRepo, path, { recursive: true });
  await writeFile(join(path, "systemd-units", "bench-marker.service"), UNIT);
  await appendFile(join(path, `${MACHINE.role}-systemd-units.txt`), "bench-marker.service\n");
  // Whoever runs this may have hooks, signing or another default branch in their configuration.
  const environment = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  const who = ["-c", "user.name=Bench", "-c", "user.email=bench@railhead.invalid"];
  const git = (...words: readonly string[]) =>
    runOrThrow([pathOf("git"), "-C", path, ...who, ...words], { environment });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "The example's units, and a marker");
}
