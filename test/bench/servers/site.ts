import { planNodes, SANDBOX_NETWORK } from "@railhead/sandbox";

/** The network and the one machine of every run: those of the example data directory. */
export const NETWORK = SANDBOX_NETWORK;
export const HTTP_PORT = 8080;
export const URL_OF_SERVER = `http://${NETWORK.serverAddress}:${HTTP_PORT}`;

const [machine] = planNodes({ nodes: 1, managers: 1, firmware: ["bios"] });
if (machine === undefined) throw new Error("a plan of one machine has one");
/** core-01, a manager with the BIOS. */
export const MACHINE = machine;
