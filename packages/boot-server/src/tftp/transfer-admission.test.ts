import { expect, test } from "vitest";
import { TransferAdmission } from "./transfer-admission.ts";

test("a client that has its share is refused while others are let in", () => {
  const admission = new TransferAdmission({ maxTransfers: 10, maxTransfersPerClient: 2 });
  const answers = ["a", "a", "a", "b"].map((client) => admission.enter(client));
  expect(answers).toEqual([undefined, undefined, "client-busy", undefined]);
});

test("everybody is refused when all places are taken, and let in when one is given back", () => {
  const admission = new TransferAdmission({ maxTransfers: 2, maxTransfersPerClient: 2 });
  expect(["a", "b", "c"].map((client) => admission.enter(client))).toEqual([undefined, undefined, "server-busy"]);
  admission.leave("a");
  expect(admission.enter("c")).toBeUndefined();
});

test("a place that is given back counts for the client again", () => {
  const admission = new TransferAdmission({ maxTransfers: 10, maxTransfersPerClient: 1 });
  for (let round = 0; round < 3; round += 1) {
    expect(admission.enter("a")).toBeUndefined();
    expect(admission.enter("a")).toBe("client-busy");
    admission.leave("a");
  }
});
