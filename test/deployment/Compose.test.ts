import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { parse } from "yaml"

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8")

const Service = Schema.Struct({
  command: Schema.optional(Schema.Array(Schema.String)),
  environment: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  env_file: Schema.optional(Schema.String),
  healthcheck: Schema.optional(
    Schema.Struct({ test: Schema.optional(Schema.Array(Schema.String)), disable: Schema.optional(Schema.Boolean) })
  ),
  depends_on: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Struct({ condition: Schema.String }) }))
})

const compose = Schema.decodeUnknownSync(Schema.Struct({
  services: Schema.Struct({
    postgres: Service,
    redis: Service,
    rabbitmq: Service,
    migrate: Service,
    api: Service,
    worker: Service
  })
}))(parse(file("docker-compose.yml"), { merge: true }))

const { services } = compose
const roles = { migrate: services.migrate, api: services.api, worker: services.worker }

/** The variables that a file of `NAME=value` lines names. */
const named = (text: string) => text.split("\n").flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? [])

const documented = named(file(".env.example"))

describe("the compose file", () => {
  it("sets only variables that .env.example documents, and takes the others from .env", () => {
    for (const [name, role] of Object.entries(roles)) {
      assert.deepStrictEqual(Object.keys(role.environment ?? {}).filter((_) => !documented.includes(_)), [], name)
      assert.strictEqual(role.env_file, ".env")
    }
  })

  it("gives each role the three servers", () => {
    for (const role of Object.values(roles)) {
      assert.containsAllKeys(role.environment ?? {}, ["DATABASE_URL", "REDIS_URL", "RABBITMQ_URL"])
    }
  })

  it("starts the roles once the servers are healthy and the database is migrated", () => {
    for (const { depends_on } of [services.api, services.worker]) {
      assert.deepStrictEqual(depends_on, {
        migrate: { condition: "service_completed_successfully" },
        postgres: { condition: "service_healthy" },
        redis: { condition: "service_healthy" },
        rabbitmq: { condition: "service_healthy" }
      })
    }
    for (const server of [services.postgres, services.redis, services.rabbitmq]) {
      assert.isDefined(server.healthcheck?.test)
    }
    assert.deepStrictEqual(services.migrate.depends_on, { postgres: { condition: "service_healthy" } })
  })

  it("runs commands that the build has", () => {
    const { scripts } = Schema.decodeUnknownSync(Schema.parseJson(Schema.Struct({
      scripts: Schema.Record({ key: Schema.String, value: Schema.String })
    })))(file("package.json"))
    assert.deepStrictEqual(services.migrate.command, ["npm", "run", "db:migrate"])
    assert.isDefined(scripts["db:migrate"])
    for (const { command } of [services.api, services.worker]) {
      assert.isNotEmpty(file(command?.[1]?.replace(/^dist/, "src").replace(/js$/, "ts") ?? ""))
    }
  })
})

describe(".env.example", () => {
  it("names each variable that the source reads, and no other", () => {
    const source = file("src/layers/Environment.ts")
    const read = [...source.matchAll(/name: "([A-Z_]+)"/g), ...source.matchAll(/Config\.string\("([A-Z_]+)"\)/g)].map((
      _
    ) => String(_[1]))
    assert.deepStrictEqual(documented.toSorted(), read.toSorted())
  })
})
