// Compiles src to dist where the sources and the compiler are there and dist is older; says what to run where they are not.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const compiler = join(root, "node_modules/typescript/bin/tsc")

if (existsSync(join(root, "src")) && existsSync(compiler)) {
  const { status } = spawnSync(process.execPath, [compiler, "-b", "tsconfig.build.json"], { cwd: root, stdio: "inherit" })
  process.exitCode = status ?? 1
} else if (!existsSync(join(root, "dist"))) {
  process.stderr.write("Sluice is not built: run `npm ci` and `npm run build` first.\n")
  process.exitCode = 1
}
