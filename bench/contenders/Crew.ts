import { Effect, Option, type Scope } from "effect"
import { join } from "node:path"
import * as Logs from "../../test/faults/Logs.ts"
import * as Binary from "../../test/support/servers/Binary.ts"
import * as Port from "../../test/support/servers/Port.ts"
import * as PrivateFolder from "../../test/support/servers/PrivateFolder.ts"
import * as Process from "../../test/support/servers/Process.ts"
import type { ServerUnavailable } from "../../test/support/servers/ServerUnavailable.ts"
import type { Gateway, Name, Setting } from "./Contender.ts"

export interface Program {
  /** The path of what Node runs. */
  readonly file: string
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

export interface Programs {
  readonly api: (port: number) => Program
  readonly worker: Option.Option<Program>
}

export interface Crew extends Omit<Gateway, "path" | "replay"> {
  /** Runs a program to its end. */
  readonly errand: (program: Program) => Effect.Effect<void, ServerUnavailable>
}

/** The processes of a gateway: its APIs run, its workers do not yet. All end with the scope. */
export const make = Effect.fn("Crew.make")(
  function*(
    contender: Name,
    { apis, profiles, workers }: Setting,
    { api, worker }: Programs
  ): Effect.fn.Return<Crew, ServerUnavailable, Scope.Scope> {
    const ports = yield* Effect.replicateEffect(Port.free, apis)
    const commands = [
      ...ports.map((port, index) => ({ role: "api", name: `api-${index + 1}`, program: api(port), port })),
      ...Option.toArray(worker).flatMap((program) =>
        Array.from(
          { length: workers },
          (_, index) => ({ role: "worker", name: `worker-${index + 1}`, program, port: 0 })
        )
      )
    ]
    const errands = "errand"
    const folder = yield* PrivateFolder.make({
      server: contender,
      groups: [...commands.map((_) => _.name), errands].map(Process.groupFile),
      farewell: "KILL"
    })
    const env = {
      PATH: yield* Binary.searchPath,
      HOME: folder,
      NODE_ENV: "production"
    }
    const profiling = (name: string) =>
      Option.match(profiles, {
        onNone: () => [],
        onSome: (folder) => ["--cpu-prof", `--cpu-prof-dir=${join(folder, contender, name)}`]
      })
    const process = (name: string, program: Program, ready: Effect.Effect<void, string>) =>
      Process.make({
        name,
        folder,
        file: globalThis.process.execPath,
        args: [...profiling(name), program.file, ...(program.args ?? [])],
        env: { ...env, ...program.env },
        account: Option.none(),
        farewell: "SIGTERM",
        ready
      })
    const crew = yield* Effect.forEach(commands, ({ name, port, program, role }) =>
      Effect.map(
        process(name, program, role === "api" ? listens(port) : Effect.void),
        (process) => ({ role, name, process })
      ))
    const those = (role: string) => crew.filter((_) => _.role === role).map((_) => _.process)
    const all = { concurrency: "unbounded", discard: true } as const
    yield* Effect.addFinalizer(() => Effect.forEach(crew, ({ process }) => process.stop, all))
    yield* Effect.forEach(those("api"), (process) => process.start, all)
    return {
      ports,
      members: Effect.map(
        Effect.forEach(
          crew,
          ({ process, role }) => Effect.map(process.pid, Option.map((pid) => ({ name: role, pid })))
        ),
        (members) => members.flatMap(Option.toArray)
      ),
      startWorkers: Effect.forEach(those("worker"), (process) => process.start, all),
      stopWorkers: Effect.forEach(those("worker"), (process) => process.stop, all),
      errand: Effect.fnUntraced(function*(program) {
        const run = yield* process(errands, program, Effect.void)
        yield* run.start
        yield* run.ended
      }, Effect.scoped),
      lastWords: () => crew.map(({ name, process }) => `${name} said:\n${Logs.lastWords(process.log)}`).join("\n")
    }
  }
)

const listens = (port: number) => Port.answers({ host: Port.loopback, port }, "GET / HTTP/1.0\r\n\r\n", /^HTTP/)
