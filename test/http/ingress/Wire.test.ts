import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"
import * as Wire from "../Wire.ts"

const nowhere = "http://127.0.0.1:9/hook"

const signed = (body: string) => `x-signature: ${Api.signature(body)}`

/** The event behind an answer that came over the wire. */
const eventOf = (answer: Wire.Response) =>
  Effect.flatMap(
    Gateway.accepted({ ...answer, headers: new Headers(), json: JSON.parse(answer.text) }),
    ({ eventId }) => Gateway.event(eventId)
  )

layer(Api.onTwins(), Api.live)("what came over the wire", (it) => {
  it.scoped("is kept with the path and the query behind the integration, as they were sent", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("paths", nowhere)
      const send = (rest: string) =>
        Effect.flatMap(Wire.ask(Wire.request(`/api/v1/webhooks/paths${rest}`, [signed(rest)], rest)), eventOf)
      const kept = yield* Effect.forEach(
        ["", "/", "/orders/2026%2F11//b%20c/", "?x=1&x=2&y=%2F?z", "/a?b", `/${"long".repeat(100)}`],
        (rest) => Effect.map(send(rest), ({ path, query }) => [path, query])
      )
      assert.deepStrictEqual(kept, [
        ["", ""],
        ["/", ""],
        ["/orders/2026%2F11//b%20c/", ""],
        ["", "x=1&x=2&y=%2F?z"],
        ["/a", "b"],
        [`/${"long".repeat(100)}`, ""]
      ])
    }))

  it.scoped("may name the whole URL, as proxies do", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("absolute", nowhere)
      const answer = yield* Wire.ask(
        Wire.request("http://gateway/api/v1/webhooks/absolute/a?b=c", [signed("{}")], "{}")
      )
      const { path, query } = yield* eventOf(answer)
      assert.deepStrictEqual([path, query], ["/a", "b=c"])
    }))

  it.scoped("keeps every value of a header that was sent twice", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("twice", nowhere)
      const answer = yield* Wire.ask(
        Wire.request(
          "/api/v1/webhooks/twice",
          [signed("{}"), "X-Twice: one", "x-twice: two", "X-Once: w\u00e9ll"],
          "{}"
        )
      )
      const { headers } = yield* eventOf(answer)
      assert.strictEqual(headers["x-twice"], "one, two")
      assert.isDefined(headers["x-once"])
    }))

  it.scoped("is taken with header names that mean something to JavaScript", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("names", nowhere)
      const answer = yield* Wire.ask(
        Wire.request("/api/v1/webhooks/names", [signed("{}"), "__proto__: a", "constructor: b", "toString: c"], "{}")
      )
      const { headers } = yield* eventOf(answer)
      assert.strictEqual(Object.entries(headers).find(([name]) => name === "constructor")?.[1], "b")
      assert.strictEqual(Object.entries(headers).find(([name]) => name === "tostring")?.[1], "c")
    }))

  it.scoped("is not believed when its signature was sent twice", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("signed-twice", nowhere)
      const answer = yield* Wire.ask(Wire.request("/api/v1/webhooks/signed-twice", [signed("{}"), signed("{}")], "{}"))
      Api.failed(answer, 401, "signature_invalid")
    }))

  it.scoped("keeps its body when the client offers HTTP/2, and the connection goes on", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("offers", nowhere)
      const offer = ["connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__"]
      const wire = yield* Wire.open
      yield* wire.write(Wire.request("/api/v1/webhooks/offers", [signed("{\"n\":1}"), ...offer], "{\"n\":1}"))
      yield* wire.answers(1)
      yield* wire.write(Wire.request("/api/v1/webhooks/offers", [signed("{\"n\":2}"), ...offer], "{\"n\":2}"))
      yield* wire.answers(2)
      yield* wire.write(Wire.request("/api/v1/webhooks/offers", [signed("{}")], "{}"))
      assert.deepStrictEqual((yield* wire.answers(3)).map((_) => _.status), [202, 202, 202])
      assert.strictEqual((yield* Api.events("integration=offers")).data.length, 3)
    }))

  it.scoped("is answered without a body where the integration's status knows none", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("bodyless", nowhere, {
        response: { status: 204, body: "never", contentType: "text/plain" }
      })
      const wire = yield* Wire.open
      for (const body of ["1", "2"]) {
        yield* wire.write(Wire.request("/api/v1/webhooks/bodyless", [signed(body)], body))
      }
      const answers = yield* wire.answers(2)
      assert.deepStrictEqual(answers.map((_) => [_.status, _.headers.has("content-length"), _.text]), [
        [204, false, ""],
        [204, false, ""]
      ])
    }))
})
