import type { Effect, Scope } from "effect"
import type { ServerUnavailable } from "../../test/support/servers/ServerUnavailable.ts"
import type { Name } from "../contenders/Contender.ts"
import type { Options } from "../Options.ts"
import type { Behaviour } from "../sink/Sink.ts"
import type { Figures } from "../Statistics.ts"
import type { Trial } from "../Trial.ts"

export interface Measured {
  readonly figures: Figures
  /** What is wrong; whoever loses a webhook has no figures that count. */
  readonly problems: ReadonlyArray<string>
}

/** One measurement, of each contender in turn. */
export interface Cell {
  readonly name: string
  readonly destinations?: number
  readonly behaviour?: Partial<Behaviour>
  /** What stands in the place before; a place with the same is used again in the next round. */
  readonly stored?: number
  readonly measure: (trial: Trial) => Effect.Effect<Measured, ServerUnavailable, Scope.Scope>
}

/** A question, with its measurements. */
export interface Scenario {
  readonly contenders: ReadonlyArray<Name>
  readonly cells: (options: Options) => ReadonlyArray<Cell>
}

export const gateways: ReadonlyArray<Name> = ["sluice", "by-hand"]

export const kilobytes = (body: number): number => Math.round(body * 1_024)
