export { type ContractCase, type ContractRecord, recordStoreContract } from "./record-store-contract.ts";
