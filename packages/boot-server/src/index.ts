export { type BootServer, startBootServer } from "./app.ts";
export { InventoryError, readSnapshot } from "./inventory/read-snapshot.ts";
export type { Snapshot } from "./inventory/snapshot.ts";
export type { EventLog, MachineProgress, ServerEvent } from "./log/events.ts";
export { pinoLog } from "./log/pino-log.ts";
export { BindError } from "./net/bind-error.ts";
export { formatSettings, stringifySettings } from "./settings/format.ts";
export { loadSettings, SettingsError, type SettingsSources } from "./settings/load.ts";
export { type Settings, type SettingsInput, settingsSchema } from "./settings/schema.ts";
