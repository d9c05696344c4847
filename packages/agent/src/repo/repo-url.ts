/** User name and password, as a repo URL carries them. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface RepoAddress {
  /** The URL without user name and password: fit for logs, reports and command lines. */
  readonly url: string;
  readonly credentials?: Credentials;
}

/** Takes the credentials out of an http or https URL. Other URLs and paths carry none and stay as they are. */
export function splitRepoUrl(repoUrl: string): RepoAddress {
  if (!/^https?:/.test(repoUrl) || !URL.canParse(repoUrl)) return { url: repoUrl };
  const parsed = new URL(repoUrl);
  if (parsed.username === "" && parsed.password === "") return { url: repoUrl };
  const credentials = { username: decodeURIComponent(parsed.username), password: decodeURIComponent(parsed.password) };
  parsed.username = "";
  parsed.password = "";
  return { url: parsed.href, credentials };
}
