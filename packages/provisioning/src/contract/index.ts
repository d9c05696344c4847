export {
  AGENT_SETTINGS_PATH,
  type AgentSettings,
  type AgentSettingsInput,
  agentSettingsSchema,
} from "./agent-settings.ts";
export { gitRefSchema, repoUrlSchema } from "./identifiers.ts";
export {
  JOURNAL_LINE_LENGTH,
  JOURNAL_TAIL_LINES,
  type NodeReport,
  type NodeReportKind,
  nodeReportSchema,
  REASON_LENGTH,
} from "./node-report.ts";
export {
  parseUnitList,
  type UnitList,
  type UnitListEntry,
  type UnitListProblem,
  unitListFileName,
} from "./unit-list.ts";
export { unitFileName, unitNameProblem } from "./unit-name.ts";
