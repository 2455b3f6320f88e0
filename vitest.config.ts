import { defineConfig } from "vitest/config"
import { LongestFirst } from "./test/support/LongestFirst.ts"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/globalSetup.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    setupFiles: ["test/support/itself.ts", "test/support/equality.ts"],
    pool: "forks",
    // Loading Effect anew for each file takes longer than most suites.
    isolate: false,
    // Many suites wait for a server rather than compute.
    maxWorkers: 4,
    minWorkers: 4,
    sequence: { sequencer: LongestFirst },
    silent: "passed-only"
  }
})
