import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as ForwardHeaders from "../../src/domain/ForwardHeaders.ts"

describe("the headers of an attempt", () => {
  it("are the provider's own, in order and each copy of them, and then the gateway's", () => {
    const received = {
      "content-type": ["application/json; charset=utf-8"],
      "stripe-signature": ["t=1,v1=00"],
      "x-many": ["one", "two", "one"],
      "user-agent": ["Provider/1.0"],
      "x-empty": [""]
    }
    assert.deepStrictEqual(ForwardHeaders.forward(received, { "sluice-attempt": "1", "webhook-id": "id" }), [
      "content-type",
      "application/json; charset=utf-8",
      "stripe-signature",
      "t=1,v1=00",
      "x-many",
      "one",
      "x-many",
      "two",
      "x-many",
      "one",
      "user-agent",
      "Provider/1.0",
      "x-empty",
      "",
      "sluice-attempt",
      "1",
      "webhook-id",
      "id"
    ])
  })

  it.each([
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "host",
    "content-length",
    "expect",
    "cookie",
    "authorization",
    "accept-encoding",
    "sluice-test",
    "sluice-replay-id"
  ])("hold no %s", (name) => {
    assert.deepStrictEqual(ForwardHeaders.forward({ [name]: ["x"], "x-kept": ["y"] }, {}), ["x-kept", "y"])
  })

  it("hold nothing that the connection claims for itself, in any spelling", () => {
    const received = {
      connection: ["close, X-First ,x-second", "x-third"],
      "x-first": ["1"],
      "x-second": ["2"],
      "x-third": ["3"],
      "x-fourth": ["4"]
    }
    assert.deepStrictEqual(ForwardHeaders.forward(received, {}), ["x-fourth", "4"])
  })

  it("leave every copy of a provider's header out that the gateway sets", () => {
    const received = {
      "webhook-id": ["theirs", "theirs too"],
      "webhook-signature": ["v1,x"],
      "sluice-event-id": ["forged"]
    }
    const added = { "webhook-id": "ours", "sluice-event-id": "real" }
    assert.deepStrictEqual(ForwardHeaders.forward(received, added), [
      "webhook-signature",
      "v1,x",
      "webhook-id",
      "ours",
      "sluice-event-id",
      "real"
    ])
  })

  it("lose no header for being called like something inherited", () => {
    const received = Object.fromEntries([["constructor", ["1"]], ["__proto__", ["2"]], ["tostring", ["3"]]])
    assert.deepStrictEqual(ForwardHeaders.forward(received, {}), [
      "constructor",
      "1",
      "__proto__",
      "2",
      "tostring",
      "3"
    ])
  })

  const name = FastCheck.stringMatching(/^x-[a-z]{1,3}$/)

  it.prop(
    "keep everything that nobody claims",
    [
      FastCheck.dictionary(name, FastCheck.array(FastCheck.string(), { minLength: 1, maxLength: 3 })),
      FastCheck.array(name)
    ],
    ([received, claimed]) => {
      const sent = ForwardHeaders.forward({ ...received, connection: [claimed.join(", ")] }, {})
      const expected = Object.entries(received).filter(([name]) => !claimed.includes(name))
      assert.deepStrictEqual(sent, expected.flatMap(([name, values]) => values.flatMap((value) => [name, value])))
    }
  )
})
