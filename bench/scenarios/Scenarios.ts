import type * as Options from "../Options.ts"
import { drain, failingCallback, fanOut, replay, slowCallback } from "./Drain.ts"
import { fixedRate, soak } from "./FixedRate.ts"
import { growth, waiting } from "./Growth.ts"
import { badSignatures, duplicates, ingest } from "./Ingest.ts"
import { scale } from "./Scale.ts"
import type { Scenario } from "./Scenario.ts"

export const scenarios: Readonly<Record<Options.Scenario, Scenario>> = {
  "ingest": ingest,
  "fixed-rate": fixedRate,
  "soak": soak,
  "drain": drain,
  "duplicates": duplicates,
  "bad-signatures": badSignatures,
  "slow-callback": slowCallback,
  "failing-callback": failingCallback,
  "fan-out": fanOut,
  "replay": replay,
  "scale": scale,
  "growth": growth,
  "waiting": waiting
}
