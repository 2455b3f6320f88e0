import { Effect, Option } from "effect"
import type { Options } from "../Options.ts"
import * as Acts from "./Acts.ts"
import { type Cell, gateways, type Scenario } from "./Scenario.ts"

const connections = [8, 64, 256]
const bodies = [1, 10, 100]

/** Every number of connections with the smallest body, and every body with an ordinary number of connections. */
const pressures = (options: Options): ReadonlyArray<Acts.Pressure> => {
  if (Option.isSome(options.connections) || Option.isSome(options.body)) {
    return Option.getOrElse(options.connections, () => [Acts.ordinary.connections]).flatMap((connections) =>
      Option.getOrElse(options.body, () => [Acts.ordinary.body]).map((body) => ({ connections, body }))
    )
  }
  return [
    ...connections.map((connections) => ({ connections, body: Acts.ordinary.body })),
    ...bodies.map((body) => ({ connections: Acts.ordinary.connections, body }))
  ].filter((one, index, all) => all.findIndex((other) => nameOf(other) === nameOf(one)) === index)
}

export const nameOf = ({ body, connections }: Acts.Pressure): string => `${connections} connections, ${body} KB`

/** Taking in as fast as can be, while no worker runs; afterwards the workers deliver what was accepted. */
export const cell = (options: Options, name: string, pressure: Acts.Pressure, kind?: Acts.Kind): Cell => ({
  name,
  measure: Effect.fnUntraced(function*(trial) {
    yield* Acts.warmUp(trial, options, pressure, kind)
    const { figures, problems } = yield* Acts.saturate(trial, options, pressure, kind)
    if (trial.contender.name !== "limit") {
      yield* trial.gateway.startWorkers
      yield* trial.settle()
    }
    return { figures, problems: [...problems, ...yield* trial.problems()] }
  })
})

export const ingest: Scenario = {
  contenders: [...gateways, "limit"],
  cells: (options) => pressures(options).map((pressure) => cell(options, nameOf(pressure), pressure))
}

const beside = (name: string, kind: Acts.Kind): Scenario["cells"] => (options) =>
  (Option.isSome(options.connections) || Option.isSome(options.body) ? pressures(options) : [Acts.ordinary])
    .flatMap((pressure) => [
      cell(options, `new, ${nameOf(pressure)}`, pressure),
      cell(options, `${name}, ${nameOf(pressure)}`, pressure, kind)
    ])

export const duplicates: Scenario = { contenders: gateways, cells: beside("half of them copies", { copies: true }) }

export const badSignatures: Scenario = {
  contenders: [...gateways, "limit"],
  cells: beside("bad signatures", { forged: true })
}
