import { readFileSync } from "node:fs";
import { Command } from "commander";
import { checkCommand } from "./commands/check.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { leaseCommand } from "./commands/lease.ts";
import { reloadCommand } from "./commands/reload.ts";
import { sandboxCommand } from "./commands/sandbox.ts";
import { serveCommand } from "./commands/serve.ts";
import { describeFailure } from "./failure.ts";

/** The `railhead` command. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
const program = new Command("railhead")
  .description("Boots blank machines into a working cluster over the network")
  .version(version(), "-V, --version", "print the version")
  .addCommand(serveCommand())
  .addCommand(checkCommand())
  .addCommand(doctorCommand())
  .addCommand(leaseCommand())
  .addCommand(reloadCommand())
  .addCommand(sandboxCommand());

exitAsDocumented(program);
try {
  await program.parseAsync();
} catch (error) {
  const { text, exitCode } = describeFailure(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}

/** commander ends with 1 after wrong usage; and what is set on a command does not hold for commands added to it. */
function exitAsDocumented(command: Command): void {
  command.exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  });
  for (const each of command.commands) exitAsDocumented(each);
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
