export type { FileSystem, OpenFile } from "./file/file-system.ts";
export { type FileStore, type FileStoreOptions, openFileStore } from "./file/open-file-store.ts";
export type { StoreProblem } from "./file/store-problem.ts";
export { memoryStore } from "./memory/memory-store.ts";
export { StoreError, type StoreErrorCode } from "./store-error.ts";
