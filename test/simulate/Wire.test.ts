import { NodeHttpClient } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { providers } from "../../src/domain/providers/Providers.ts"
import { Request } from "../../src/domain/verification/Request.ts"
import * as Verifier from "../../src/domain/verification/Verifier.ts"
import * as Options from "../../src/simulate/Options.ts"
import { simulate } from "../../src/simulate/Simulate.ts"
import * as Callback from "../support/Callback.ts"

const target = "/hook?tenant=a%2Fb&empty="

layer(NodeHttpClient.layerUndici, { excludeTestServices: true })("a simulation over HTTP", (it) => {
  it.scoped.each(["square", "twilio", "mailgun", "basic"] as const)(
    "sends %s byte by byte as it is signed",
    (provider) =>
      Effect.gen(function*() {
        const callback = yield* Callback.make
        const url = callback.url.replace("/hook", target)
        const parameters = ["--provider", provider, "--url", url, "--count", "20"]
        const { secret } = yield* Options.read(parameters)
        assert.strictEqual(yield* simulate(parameters), 0)
        assert.strictEqual(callback.received.length, 20)
        for (const { at, body, headers, url } of callback.received) {
          assert.strictEqual(url, target)
          assert.notProperty(headers, "traceparent")
          const request = new Request({
            method: "POST",
            url: callback.url.replace("/hook", url),
            headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [String(value)]])),
            body,
            receivedAt: at
          })
          yield* Verifier.verify(providers[provider].scheme({}), [Redacted.make(secret)], request)
        }
      })
  )

  it.scoped("tells that nobody answers", () =>
    Effect.gen(function*() {
      const callback = yield* Callback.make
      yield* callback.answer((response) => response.destroy())
      const parameters = ["--provider", "stripe", "--url", callback.url, "--count", "2"]
      assert.strictEqual(yield* simulate(parameters), 1)
    }))
})
