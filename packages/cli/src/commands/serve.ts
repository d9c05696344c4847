import { type BootServer, formatSettings, passedSockets, pinoLog, startBootServer } from "@railhead/boot-server";
import { Command } from "commander";
import { type SettingsOptions, settingsOf, withSettingsOptions } from "./settings-options.ts";

/** `railhead serve`: runs the boot server until SIGTERM or SIGINT; SIGHUP reads configuration and data anew. */
export function serveCommand(): Command {
  return withSettingsOptions(new Command("serve"))
    .description("run the boot server")
    .option("--print-config", "print the configuration in force, and do not serve")
    .action(async (options: SettingsOptions & { readonly printConfig?: true }) => {
      const settings = settingsOf(options);
      if (options.printConfig) {
        process.stdout.write(formatSettings(settings));
        return;
      }
      const log = pinoLog(settings.log);
      const stop = firstSignal(["SIGTERM", "SIGINT"]);
      // From the beginning, because a signal without a handler ends the process; what is being started reads anew anyway.
      let server: BootServer | undefined;
      process.on("SIGHUP", () => void server?.reload());
      server = await startBootServer({
        settings,
        readSettings: () => settingsOf(options),
        log,
        passed: passedSockets(process.env, process.pid),
      });
      log({ event: "server.stopping", signal: await stop });
      await server.close();
      process.exit(0);
    });
}

/** Resolves with the first signal; a second one has its usual effect, so that nobody is held up by a slow end. */
function firstSignal(signals: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const take = (signal: NodeJS.Signals) => {
      for (const each of signals) process.off(each, take);
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, take);
  });
}
