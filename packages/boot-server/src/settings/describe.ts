import { z } from "zod";
import { environmentName, scalarPaths } from "./overrides.ts";
import { settingsSchema } from "./schema.ts";

/** One key of the configuration file, for the documentation. */
export interface SettingDescription {
  /** `networks[].pool.first` */
  readonly key: string;
  readonly required: boolean;
  /** As it would be written; absent where there is none. */
  readonly default?: string;
  /** The variable that stands over the file; absent in lists and maps. */
  readonly environment?: string;
  readonly description: string;
}

/** Every key that holds a value, in the order of the schema. */
export function describeSettings(): readonly SettingDescription[] {
  const overridable = new Set(scalarPaths().map((path) => path.join(".")));
  return describe(z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }), "", true).map((setting) =>
    overridable.has(setting.key) ? { ...setting, environment: environmentName(setting.key.split(".")) } : setting,
  );
}

type Schema = z.core.JSONSchema.BaseSchema;

function describe(schema: Schema, key: string, required: boolean): readonly SettingDescription[] {
  const { description } = schema;
  const self: SettingDescription[] =
    description === undefined
      ? []
      : [
          {
            key,
            required,
            description,
            ...(schema.default === undefined ? {} : { default: JSON.stringify(schema.default) }),
          },
        ];
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    describe(member as Schema, key === "" ? name : `${key}.${name}`, schema.required?.includes(name) ?? false),
  );
  const items = schema.items === undefined ? [] : describe(schema.items as Schema, `${key}[]`, true);
  return [...self, ...members, ...items];
}
