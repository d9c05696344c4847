export { type ContractCase, type ContractRecord, recordStoreContract } from "./record-store-contract.ts";
export { CLIENT_MAC, type ClientMessage, clientMessage, firmwareOptions, ipxeOptions } from "./dhcp-message.ts";
