import { z } from "zod";

/**
 * The small vocabulary that settings, lists and reports share. Each pattern is strict because its
 * value ends up in a file name, a git argument or a systemctl argument on a machine nobody watches.
 */

/** A host name: RFC 1123 labels, lower or upper case, at most 253 characters. */
export const machineNameSchema = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i, "must be a host name");

/** The canonical form only, as the server writes it: `52:54:00:77:00:01`. */
export const macSchema = z
  .string()
  .regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/, "must be a MAC address written as aa:bb:cc:dd:ee:ff in lower case");

/** A role names a file of the config repo, so it is a plain lower-case word: `manager`, `worker`, `edge-cache`. */
export const roleSchema = z
  .string()
  .max(63)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, "must be lower-case letters, digits and inner hyphens");

const CONTROL_OR_SPACE = /[\p{Cc}\s]/u;

/** True for a URL or path that git can fetch and that git cannot take for an option or a remote helper. */
function isRepoUrl(url: string): boolean {
  if (CONTROL_OR_SPACE.test(url)) return false;
  return url.startsWith("/") || /^(?:https?|git|file):\/\/\S+$/.test(url);
}

/** Where the config repo is: `http://`, `https://`, `git://`, `file://` or an absolute path. */
export const repoUrlSchema = z
  .string()
  .max(2048)
  .refine(isRepoUrl, "must be an http, https, git or file URL, or an absolute path");

/**
 * True for a branch, tag or commit that git accepts (git-check-ref-format) and that cannot be taken
 * for an option, a range or a reflog expression.
 */
function isGitRef(ref: string): boolean {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+@/-]*$/.test(ref)) return false;
  if (/\.\.|@\{|\/\/|[./]$/.test(ref) || ref === "@") return false;
  return ref.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));
}

/** A branch, tag or commit of the config repo. */
export const gitRefSchema = z.string().max(255).refine(isGitRef, "must be the name of a branch or tag, or a commit");
