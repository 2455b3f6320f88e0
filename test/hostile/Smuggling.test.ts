import { assert, layer } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import * as Api from "../http/Api.ts"
import * as Gateway from "../support/Gateway.ts"
import { managementKey } from "../support/ManagementKey.ts"
import * as Connection from "./Connection.ts"
import * as Pipelines from "./generators/Pipelines.ts"
import * as Requests from "./generators/Requests.ts"
import { ground, live, readable, send, stored, unharmed } from "./Ground.ts"
import { runs } from "./Runs.ts"

const slug = "smuggling"
const key = `authorization: Bearer ${managementKey}`
const farewell = "GET /api/v1/health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"

const line = FastCheck.array(Pipelines.step({ slug, key: managementKey, sign: Api.signature }), {
  minLength: 1,
  maxLength: 12
}).chain((steps) =>
  Requests.pieces(Connection.bytes(steps.map((_) => _.request).join("") + farewell)).map((pieces) => ({
    steps,
    pieces
  }))
)

/** Requests about whose end two readers may disagree; `hidden` is what the second would take for another request. */
const ambiguous: Readonly<Record<string, (hidden: string) => string>> = {
  "a length and chunks": (hidden) =>
    `content-length: ${5 + hidden.length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  "chunks and a length": (hidden) => `transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n${hidden}`,
  "two lengths": (hidden) => `content-length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`,
  "two equal lengths": (hidden) => `content-length: 0\r\ncontent-length: 0\r\n\r\n${hidden}`,
  "a list of lengths": (hidden) => `content-length: 0, ${hidden.length}\r\n\r\n${hidden}`,
  "a length with a sign": (hidden) => `content-length: +${hidden.length}\r\n\r\n${hidden}`,
  "a length with a space in its name": (hidden) => `content-length : ${hidden.length}\r\n\r\n${hidden}`,
  "a length on a folded line": (hidden) => `content-length:\r\n ${hidden.length}\r\n\r\n${hidden}`,
  "a length behind a bare line feed": (hidden) => `x: y\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`,
  "a length behind a bare return": (hidden) => `x: y\rcontent-length: ${hidden.length}\r\n\r\n${hidden}`,
  "a length behind a NUL": (hidden) => `x: y\0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`,
  "another coding": (hidden) => `transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
  "two codings": (hidden) => `transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n${hidden}`,
  "a coding behind chunks": (hidden) => `transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`,
  "a coding behind a tab": (hidden) => `transfer-encoding:\u000bchunked\r\n\r\n0\r\n\r\n${hidden}`,
  "a coding with a space in its name": (hidden) => `transfer-encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
  "a quoted coding": (hidden) => `transfer-encoding: "chunked"\r\n\r\n0\r\n\r\n${hidden}`,
  "a chunk of a size with a sign": (hidden) => `transfer-encoding: chunked\r\n\r\n+0\r\n\r\n${hidden}`,
  "a chunk of a size beyond all numbers": (hidden) =>
    `transfer-encoding: chunked\r\n\r\n10000000000000000\r\n\r\n${hidden}`,
  "a chunk of a size in another notation": (hidden) => `transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n${hidden}`,
  "a chunk that is longer than it says": (hidden) => `transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n${hidden}`,
  "a chunk that ends in a bare line feed": (hidden) => `transfer-encoding: chunked\r\n\r\n1\n{\n0\n\n${hidden}`,
  "a chunk whose extension holds a line feed": (hidden) => `transfer-encoding: chunked\r\n\r\n0;\n\r\n\r\n${hidden}`,
  "a line that ends the headers early": (hidden) => `content-length: ${hidden.length}\n\n${hidden}`
}

/** Lines that ask for what only the key allows, without it. */
const hidden = [
  "GET /api/v1/integrations HTTP/1.1\r\nhost: a\r\n\r\n",
  "DELETE /api/v1/integrations/smuggling HTTP/1.1\r\nhost: a\r\n\r\n",
  "GET /api/v1/integrations HTTP/1.1\r\nhost: a\r\nx: "
]

layer(ground, live)("a request within another", (it) => {
  it.effect("has an integration to aim at", () =>
    Gateway.integration(slug, "http://127.0.0.1:9/hook", { dedupe: undefined }))

  it.effect.prop(
    "is never carried out, and each answer belongs to its request, in order, however the bytes arrive",
    [FastCheck.array(line, { minLength: 12, maxLength: 12 })],
    ([lines]) =>
      Effect.gen(function*() {
        const exchanges = yield* send(lines.map(({ pieces }) => ({ pieces, ends: false })))
        for (const [index, { answers }] of exchanges.entries()) {
          const steps = [...lines[index]?.steps ?? [], { status: 200, shows: "ok" }]
          assert.deepStrictEqual(answers.map((_) => _.status), steps.map((_) => _.status))
          for (const [at, { shows }] of steps.entries()) assert.include(answers[at]?.text, shows)
        }
        const kept = new Set((yield* stored(slug)).map(({ body }) => body.toString()))
        const wanted = lines.flatMap(({ steps }) => steps.flatMap(({ stores }) => stores ?? []))
        assert.deepStrictEqual(wanted.filter((body) => !kept.has(body)), [])
        assert.isFalse([...kept].some((body) => body.startsWith("{\"smuggled\"")))
      }),
    runs(5)
  )

  it.effect("gets none of the authority of the one around it, where readers may disagree about its end", () =>
    Effect.gen(function*() {
      for (
        const begin of [`POST /api/v1/integrations HTTP/1.1\r\n${key}`, `GET /api/v1/health/live HTTP/1.1\r\n${key}`]
      ) {
        const all = Object.entries(ambiguous).flatMap(([what, write]) =>
          hidden.map((hidden) => ({
            what,
            sent: Connection.whole(`${begin}\r\nhost: gateway\r\n${write(hidden)}${farewell}`)
          }))
        )
        const exchanges = yield* send(all.map((_) => _.sent))
        for (const [index, { answers }] of exchanges.entries()) {
          const { what } = all[index] ?? { what: "" }
          assert.isFalse(answers.some((_) => _.text.includes("\"data\"") || _.status === 204), what)
          // What was refused as malformed is the end of its connection.
          const refused = answers.findIndex((_) => _.text.includes("not valid HTTP"))
          assert.include([-1, answers.length - 1], refused, what)
        }
      }
      const { manage } = yield* Gateway.Gateway
      assert.strictEqual((yield* manage(`/integrations/${slug}`)).status, 200)
    }))

  it.effect("leaves the gateway as it was", () => Effect.zipRight(unharmed, readable))
})
