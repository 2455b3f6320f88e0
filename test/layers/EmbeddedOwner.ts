import * as FileSystem from "@effect/platform/FileSystem"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import ts from "typescript"

/** A Sluice of its own, as Node runs it: compiled. Answers its pid once the server answers. */
export const ownerProcess = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const compiled = yield* fs.makeTempDirectoryScoped()
  const sources = join(import.meta.dirname, "../../src/layers/embedded")
  yield* fs.symlink(join(import.meta.dirname, "../../node_modules"), join(compiled, "node_modules"))
  yield* fs.writeFileString(join(compiled, "package.json"), `{ "type": "module" }`)
  for (const name of yield* fs.readDirectory(sources)) {
    const { outputText } = ts.transpileModule(yield* fs.readFileString(join(sources, name)), {
      fileName: name,
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        rewriteRelativeImportExtensions: true
      }
    })
    yield* fs.writeFileString(join(compiled, name.replace(/ts$/, "js")), outputText)
  }
  yield* fs.writeFileString(
    join(compiled, "owner.js"),
    `import { Effect, Layer } from "effect"
     import { EmbeddedPostgres } from "./EmbeddedPostgres.js"
     const layer = EmbeddedPostgres.layer({ directory: ${JSON.stringify(directory)}, durable: false, exclusive: true })
     Effect.runPromise(Effect.scoped(Effect.zipRight(
       Effect.zipRight(Layer.build(layer), Effect.sync(() => process.stdout.write("ready"))),
       Effect.never
     )))`
  )
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, ["owner.js"], { cwd: compiled, stdio: ["ignore", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  return yield* Effect.async<number, string>((resume) => {
    child.stdout.once("data", () => resume(Effect.fromNullable(child.pid).pipe(Effect.orDie)))
    child.once("exit", () => resume(Effect.fail("The owner ended before its server answered")))
  })
})
