// A QEMU without a machine: it has the monitor and does what the guest behind it is told to do by GUEST.
import { rmSync } from "node:fs";
import { createServer } from "node:net";

const path = process.argv[process.argv.indexOf("-qmp") + 1]?.slice("unix:".length).split(",")[0];
const guest = process.env["GUEST"] ?? "obedient";
if (guest === "refused") {
  process.stderr.write("qemu: could not open tap1: Device or resource busy\n");
  process.exit(1);
}
if (guest === "stubborn") {
  process.on("SIGTERM", () => process.stderr.write("will not\n"));
}
rmSync(path, { force: true });
createServer((socket) => {
  const say = (message) => socket.write(`${JSON.stringify(message)}\r\n`);
  const event = (name, data) => say({ event: name, data, timestamp: { seconds: 0, microseconds: 0 } });
  say({ QMP: { version: {}, capabilities: [] } });
  socket.setEncoding("utf8").on("data", (text) => {
    for (const line of text.split("\n").filter((part) => part !== "")) {
      const { execute, id } = JSON.parse(line);
      say({ return: {}, id });
      if (execute === "system_powerdown" && guest === "obedient") {
        event("SHUTDOWN", { guest: true, reason: "guest-shutdown" });
        setTimeout(() => process.exit(0), 20);
      }
      if (execute === "qmp_capabilities") {
        begin(event);
      }
    }
  });
  socket.on("error", () => undefined);
}).listen(path);

function begin(event) {
  const later = (act) => setTimeout(act, 30);
  switch (guest) {
    case "restarts":
      return later(() => event("RESET", { guest: true, reason: "guest-reset" }));
    case "switches-off":
      return later(() => {
        event("SHUTDOWN", { guest: true, reason: "guest-shutdown" });
        setTimeout(() => process.exit(0), 20);
      });
    case "crashes":
      return later(() => {
        process.stderr.write("qemu: out of memory\n");
        process.kill(process.pid, "SIGABRT");
      });
    case "disk-full":
      return later(() =>
        event("BLOCK_IO_ERROR", { device: "disk0", operation: "write", action: "stop", nospace: true, reason: "No space left on device" }),
      );
    default:
      return undefined;
  }
}
