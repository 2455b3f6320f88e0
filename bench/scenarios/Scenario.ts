import { type Effect, Option, type Scope } from "effect"
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
  /** How many processes of each role, where the command line is not to say it. */
  readonly crew?: Pick<Options, "apis" | "workers">
  /** What stands in the place before; a place with the same is used again in the next round. */
  readonly stored?: number
  readonly measure: (trial: Trial) => Effect.Effect<Measured, ServerUnavailable, Scope.Scope>
}

/** A question, with its measurements. */
export interface Scenario {
  readonly contenders: ReadonlyArray<Name>
  readonly cells: (options: Options) => ReadonlyArray<Cell>
}

/** How long a measurement lasts that time ends, unless the command line says it. */
export const secondsOf = ({ seconds }: Options, usual = 10): number => Option.getOrElse(seconds, () => usual)

export const gateways: ReadonlyArray<Name> = ["sluice", "by-hand"]

export const kilobytes = (body: number): number => Math.round(body * 1_024)
