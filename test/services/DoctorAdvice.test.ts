import * as OpenApi from "@effect/platform/OpenApi"
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { queueRules } from "../../src/domain/doctor/QueueRules.ts"
import { ManagementApi } from "../../src/http/management/ManagementApi.ts"
import { checks } from "../../src/services/store/doctor/Checks.ts"

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8")

const rules = [...checks, ...queueRules]

/** Everything in the rules' words that looks so, with the rule. */
const mentioned = (pattern: RegExp) =>
  rules.flatMap(({ advice, id, meaning }) =>
    [...`${meaning} ${advice}`.matchAll(pattern)].map((match) => ({ id, name: match.slice(1).join(" ") }))
  )

describe("what the doctor advises", () => {
  it("names only routes that there are", () => {
    const routes = new Set(
      Object.entries(OpenApi.fromApi(ManagementApi).paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
      )
    )
    const named = mentioned(/\b(GET|POST|PATCH|DELETE) (\/[\w/{}-]+)/g)
    assert.deepStrictEqual(named.filter(({ name }) => !routes.has(name)), [])
    assert.isAbove(named.length, 10)
  })

  it("names only commands, programs and database functions that there are", () => {
    const commands = file("package.json")
    assert.deepStrictEqual(mentioned(/npm run ([\w:]+)/g).filter(({ name }) => !commands.includes(`"${name}"`)), [])
    const programs = mentioned(/node dist\/([\w/]+)\.js/g).map(({ name }) => file(`src/${name}.ts`))
    assert.isNotEmpty(programs)
    const functions = mentioned(/SELECT (\w+)\(/g)
    assert.deepStrictEqual(functions.map(({ name }) => name), ["ensure_partitions"])
    assert.include(file("migrations/0003_deliveries.sql"), "FUNCTION ensure_partitions(")
  })

  it("names only settings that there are", () => {
    const settings = file(".env.example")
    const named = mentioned(/\b([A-Z]+(?:_[A-Z]+)+)\b/g)
    assert.deepStrictEqual(named.filter(({ name }) => !settings.includes(`\n${name}=`)), [])
    assert.isNotEmpty(named)
  })

  it("quotes only what the logs say", () => {
    const sources = ["worker/Consumers", "worker/Housekeeping", "services/Loop", "services/Dispatch"]
      .concat("layers/rabbitmq/Session", "layers/rabbitmq/Consumer").map((_) => file(`src/${_}.ts`)).join("\n")
    const quoted = mentioned(/"([^"]+)"/g).map(({ name }) => name)
    const said = (name: string) =>
      name.endsWith(" failed") ? sources.includes(`"${name.replace(/ failed$/, "")}"`) : sources.includes(name)
    assert.deepStrictEqual(quoted.filter((name) => !said(name)), [])
    assert.isNotEmpty(quoted)
  })
})

describe("the rules", () => {
  it("have ids of their own, and docs/doctor.md tells each with its severity", () => {
    assert.strictEqual(new Set(rules.map(({ id }) => id)).size, rules.length)
    const told = [...file("docs/doctor.md").matchAll(/^\| `([\w-]+)` \| (\w+) \|/gm)].map((
      [, id, severity]
    ) => [id, severity])
    assert.deepStrictEqual(told, rules.map(({ id, severity }) => [id, severity]))
  })
})
