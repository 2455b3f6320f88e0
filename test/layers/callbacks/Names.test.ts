// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { LookupAddress } from "node:dns"
import { vi } from "vitest"
import * as CallbackAddress from "../../../src/domain/CallbackAddress.ts"
import type { Lookup } from "../../../src/layers/callbacks/Lookup.ts"
import { CallbackClient } from "../../../src/services/ports/CallbackClient.ts"
import { client, http, post } from "./Calling.ts"

// Of this machine's addresses one may be reached here, and the others may not.
const callbackPolicy = Schema.decodeSync(CallbackAddress.Policy)("127.0.0.1/32")
const good = "127.0.0.1"
const bad = "127.0.0.2"

const addressOf = (address: string): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 })

/** A name server that answers each question with the next of its answers, the last one for ever. */
const names = (...answers: ReadonlyArray<ReadonlyArray<string>>) => {
  const asked: Array<string> = []
  const lookup: Lookup = (hostname, _, answer) => {
    const addresses = answers[Math.min(asked.push(hostname), answers.length) - 1] ?? []
    setImmediate(() => answer(null, addresses.map(addressOf)))
  }
  return { asked, lookup }
}

const server = http((_, response) => response.writeHead(204).end())

/** Until a connection that has answered is free again. */
const freed = Effect.repeatN(Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void))), 20)

const complaint = (url: string) =>
  Effect.flatMap(CallbackClient, ({ check }) => Effect.match(check(url), { onFailure: (_) => _, onSuccess: () => "" }))

describe("a callback's name", () => {
  it.scopedLive("is looked up once for a call, and what was looked at is dialled", () =>
    Effect.gen(function*() {
      const { connections, port } = yield* server
      const { asked, lookup } = names([good], [bad])
      const outcome = yield* Effect.provide(post(`http://rebound.example:${port}/`), client({ callbackPolicy }, lookup))
      assert.propertyVal(outcome, "status", 204)
      assert.deepStrictEqual(asked, ["rebound.example"])
      assert.strictEqual(connections.total, 1)
    }))

  it.scopedLive("that changes its mind after the check is refused when it is dialled", () =>
    Effect.gen(function*() {
      const { connections, port } = yield* server
      const { asked, lookup } = names([good], [bad])
      const url = `http://rebound.example:${port}/`
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* complaint(url), "")
        assert.propertyVal(yield* post(url), "reason", "address_refused")
        assert.propertyVal(yield* post(url), "reason", "address_refused")
      }).pipe(Effect.provide(client({ callbackPolicy }, lookup)))
      assert.strictEqual(asked.length, 3)
      assert.strictEqual(connections.total, 0)
    }))

  it.scopedLive("that changes its mind keeps the connection that it had, and gets no other", () =>
    Effect.gen(function*() {
      let closing = false
      const { connections, port } = yield* http((_, response) => {
        if (closing) response.setHeader("connection", "close")
        response.writeHead(204).end()
      })
      const url = `http://rebound.example:${port}/`
      yield* Effect.gen(function*() {
        assert.propertyVal(yield* post(url), "status", 204)
        yield* freed
        closing = true
        assert.propertyVal(yield* post(url), "status", 204)
        yield* freed
        assert.propertyVal(yield* post(url), "reason", "address_refused")
      }).pipe(Effect.provide(client({ callbackPolicy }, names([good], [bad]).lookup)))
      assert.strictEqual(connections.total, 1)
    }))

  it.scopedLive("with several addresses is reached at those that may be, whatever their order", () =>
    Effect.gen(function*() {
      const { port } = yield* server
      const answers = [[bad, good], [good, bad], ["::1", good], ["10.0.0.1", "fe80::1", good, "169.254.169.254"]]
      for (const answer of answers) {
        const url = `http://mixed.example:${port}/`
        yield* Effect.gen(function*() {
          assert.strictEqual(yield* complaint(url), "", answer.join())
          assert.propertyVal(yield* post(url), "status", 204, answer.join())
        }).pipe(Effect.provide(client({ callbackPolicy }, names(answer).lookup)))
      }
    }))

  it.scopedLive("is not tried at the others when those that may be reached do not answer", () =>
    Effect.gen(function*() {
      const elsewhere = yield* http((_, response) => response.writeHead(204).end(), bad)
      const { lookup } = names([good, bad])
      const outcome = yield* Effect.provide(
        post(`http://mixed.example:${elsewhere.port}/`),
        client({ callbackPolicy }, lookup)
      )
      assert.propertyVal(outcome, "reason", "connection")
      assert.strictEqual(elsewhere.connections.total, 0)
    }))

  it.scopedLive("that leads only where callbacks may not go is refused, over TLS too, with the address", () =>
    Effect.gen(function*() {
      for (const answer of [[bad], [bad, "::1"], ["::ffff:127.0.0.2"], ["64:ff9b::7f00:2"], ["fe80::1%eth0"]]) {
        yield* Effect.gen(function*() {
          for (const url of ["http://inside.example:1/", "https://inside.example:1/"]) {
            assert.include(yield* complaint(url), `${answer[0]} is a `)
            const outcome = yield* post(url)
            assert.propertyVal(outcome, "reason", "address_refused")
            assert.include(outcome._tag === "Failed" ? outcome.message : "", `${answer[0]} is a `)
          }
        }).pipe(Effect.provide(client({ callbackPolicy }, names(answer).lookup)))
      }
    }))

  it.scopedLive("without an address is no reason to refuse it, and fails when it is called", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* complaint("http://empty.example/"), "")
      assert.propertyVal(yield* post("http://empty.example/"), "_tag", "Failed")
    }).pipe(Effect.provide(client({ callbackPolicy }, names([]).lookup))))
})

describe("a call of a callback", () => {
  it.scopedLive("is not sent elsewhere by a redirect to what it may not reach", () =>
    Effect.gen(function*() {
      const inside = yield* http((_, response) => response.writeHead(200).end(), bad)
      for (
        const location of [inside.url, `//${bad}:${inside.port}/`, "http://169.254.169.254/", "file:///etc/passwd"]
      ) {
        const { url } = yield* http((_, response) => response.writeHead(307, { location }).end())
        assert.propertyVal(yield* post(url), "status", 307)
      }
      assert.strictEqual(inside.connections.total, 0)
    }).pipe(Effect.provide(client({ callbackPolicy }))))

  it.scopedLive("goes through no proxy that the environment names", () =>
    Effect.gen(function*() {
      const proxy = yield* http((_, response) => response.writeHead(200).end("proxied"))
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]) {
            vi.stubEnv(name, proxy.url)
          }
          vi.stubEnv("NO_PROXY", "").stubEnv("no_proxy", "").stubEnv("NODE_USE_ENV_PROXY", "1")
        }),
        () => Effect.sync(() => vi.unstubAllEnvs())
      )
      const { connections, url } = yield* server
      assert.propertyVal(yield* Effect.provide(post(url), client({ callbackPolicy })), "status", 204)
      assert.strictEqual(connections.total, 1)
      assert.strictEqual(proxy.connections.total, 0)
    }))
})
