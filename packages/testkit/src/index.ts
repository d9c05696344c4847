export { type AnsweringMode, answerCapture, type CapturedAnswer } from "./captured/captured-answers.ts";
export { type CapturedRequest, capturedRequests, requestCaptures } from "./captured/captured-requests.ts";
export { CAPTURED_CLIENTS, type CapturedClient, clientTable, summarize } from "./captured/client-table.ts";
export { CLIENT_MAC, type ClientMessage, clientMessage, firmwareOptions, ipxeOptions } from "./dhcp-message.ts";
export { LAB_SERVER, LAB_SERVICES, labNetwork } from "./dhcp-network.ts";
export { type DhcpClient, openDhcpClient, replyKind } from "./lab/dhcp-client.ts";
export {
  createLab,
  LAB_SERVER_ADDRESS,
  LAB_URL,
  type Lab,
  type LabContent,
  type LabOptions,
  type LabSettings,
} from "./lab/lab.ts";
export type { LabRequest, LabResponse } from "./lab/lab-http.ts";
export { type LabNeeds, type LabTool, labNeeds, labTool } from "./lab/lab-needs.ts";
export { CLIENT_INTERFACE, type LabNetwork, SERVER_INTERFACE } from "./lab/lab-network.ts";
export { type LabEvent, type LabServer, serveCommand, startLabServer } from "./lab/lab-server.ts";
export {
  type Argv,
  type CommandOptions,
  type CommandResult,
  exitOf,
  type ProcessExit,
  runCommand,
  runOrThrow,
  startChild,
} from "./lab/subprocess.ts";
export { type Datagram, startUdpPorts, type UdpPort, type UdpPorts } from "./lab/udp-ports.ts";
export { type ContractCase, type ContractRecord, recordStoreContract } from "./record-store-contract.ts";
