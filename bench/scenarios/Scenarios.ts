import type * as Options from "../Options.ts"
import { drain, failingCallback, fanOut, replay, slowCallback } from "./Drain.ts"
import { fixedRate } from "./FixedRate.ts"
import { growth, waiting } from "./Growth.ts"
import { badSignatures, duplicates, ingest } from "./Ingest.ts"
import type { Scenario } from "./Scenario.ts"

export const scenarios: Readonly<Record<Options.Scenario, Scenario>> = {
  "ingest": ingest,
  "fixed-rate": fixedRate,
  "drain": drain,
  "duplicates": duplicates,
  "bad-signatures": badSignatures,
  "slow-callback": slowCallback,
  "failing-callback": failingCallback,
  "fan-out": fanOut,
  "replay": replay,
  "growth": growth,
  "waiting": waiting
}
