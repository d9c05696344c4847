import { AddressError } from "@railhead/wire";
import { z } from "zod";

/**
 * A text that one of our own parsers reads: an address, a subnet, a pattern. What the parser has to say about a bad
 * one becomes the problem.
 */
export const parsedText = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof AddressError || error instanceof RangeError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
