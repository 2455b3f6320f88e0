import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import { type Cause, Effect, Layer, Stream } from "effect"
import { constTrue } from "effect/Function"
import { ProviderHostError, ProviderHosts } from "../services/ports/ProviderHosts.ts"

const patience = "5 seconds"
const maxBytes = 65_536

class TooLong extends Error {
  override readonly message = `the answer is longer than ${maxBytes} bytes`
}

// The client's own errors carry the whole request.
const reasonOf = (cause: TooLong | HttpClientError.HttpClientError | Cause.TimeoutException): string =>
  "reason" in cause ? cause.reason : cause.message

/** Providers' hosts over HTTP. */
export const layer = Layer.effect(
  ProviderHosts,
  Effect.map(HttpClient.HttpClient, (client) => {
    const asked = HttpClient.withTracerDisabledWhen(HttpClient.filterStatusOk(client), constTrue)
    return ProviderHosts.of({
      get: Effect.fn("ProviderHosts.get")((url) =>
        asked.get(url).pipe(
          Effect.flatMap(({ stream }) =>
            Stream.runFoldEffect(stream, new Uint8Array(), (read: Uint8Array, chunk) =>
              read.byteLength + chunk.byteLength > maxBytes
                ? Effect.fail(new TooLong())
                : Effect.succeed(Buffer.concat([read, chunk])))
          ),
          Effect.scoped,
          Effect.timeout(patience),
          Effect.mapError((cause) =>
            new ProviderHostError({ url: url.split("?")[0] ?? "", cause: reasonOf(cause) })
          )
        )
      )
    })
  })
).pipe(Layer.provide(NodeHttpClient.layerUndici))
