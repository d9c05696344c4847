import { defineConfig } from "vitest/config";

const conditions = ["railhead-source"];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions: [...conditions, "node"] } } };

/** Projects by what they need: nothing; the tree; root and network namespaces; virtual machines. */
export default defineConfig({
  test: {
    projects: [
      { ...shared, test: { name: "unit", include: ["packages/*/src/**/*.test.ts"] } },
      { ...shared, test: { name: "structure", include: ["test/structure/**/*.test.ts"] } },
      {
        ...shared,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
