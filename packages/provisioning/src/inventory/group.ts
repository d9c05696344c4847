/** Matches machines by their labels and gives them a profile: a file `groups/*.json`, as matchbox reads it. */
export interface Group {
  /** The file's base name, which is what counts; an `id` inside the document is not compared with it. */
  readonly id: string;
  readonly name?: string;
  readonly profile: string;
  /** Every pair must be among the labels. Empty: the default group, which matches every machine. */
  readonly selector: Readonly<Record<string, string>>;
  /** Values for the templates. */
  readonly metadata: Readonly<Record<string, unknown>>;
}
