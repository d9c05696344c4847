// Links the pinned Node into node_modules/.bin. npm removes the link itself when the package for the other
// architecture is skipped (npm 9 and 10), so it is made here, after every install.
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = join(dirname(dirname(fileURLToPath(import.meta.url))), "node_modules");
const binary = join("node-linux-" + process.arch, "bin", "node");
const link = join(modules, ".bin", "node");
if (!existsSync(join(modules, binary))) {
  throw new Error(
    "no pinned Node for this machine (" + process.platform + "/" + process.arch + "): " + binary + " is missing",
  );
}
mkdirSync(dirname(link), { recursive: true });
rmSync(link, { force: true });
symlinkSync(join("..", binary), link);
