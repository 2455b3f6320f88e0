import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** Every byte there is, in no order that text could have. */
const bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 167 + 13) % 256)

const bodies: Readonly<Record<string, Uint8Array>> = {
  "an empty body": new Uint8Array(),
  "a body of NULs": new Uint8Array(10),
  "a body that is no UTF-8": Uint8Array.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x00]),
  "a body with a byte order mark": Uint8Array.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d, 0x0d, 0x0a]),
  "a body of one byte": Uint8Array.of(0x30),
  "a body of one megabyte": bytes(1_048_576),
  "a body of the allowed size": bytes(2_000_000)
}

layer(Api.onTwins({ maxWebhookBytes: 2_000_000 }), Api.live)("the ingress", (it) => {
  for (const [index, [what, body]] of Object.entries(bodies).entries()) {
    it.effect(`keeps ${what} byte for byte`, () =>
      Effect.gen(function*() {
        const { base, call } = yield* Gateway.Gateway
        yield* Gateway.integration(`body-${index}`, nowhere)
        const answer = yield* call(
          `/api/v1/webhooks/body-${index}`,
          Api.webhook(body, { "content-type": "application/x-bytes; v=1" })
        )
        assert.strictEqual(answer.status, 202, answer.text)
        const { eventId } = yield* Gateway.accepted(answer)
        assert.strictEqual((yield* Gateway.event(eventId)).size, body.byteLength)
        // Not the client of the other tests: it reads text.
        const kept = yield* Effect.promise(async () => {
          const response = await fetch(`${base}/api/v1/events/${eventId}/body`, {
            headers: { authorization: "Bearer management-key-of-the-tests" }
          })
          return { headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) }
        })
        assert.strictEqual(digest(kept.body), digest(body))
        assert.strictEqual(kept.headers.get("content-type"), "application/x-bytes; v=1")
        assert.strictEqual(kept.headers.get("x-content-type-options"), "nosniff")
      }))
  }

  it.effect("keeps a small body and a large one apart when they are stored together", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* Gateway.integration("mixed", nowhere)
      const sent = Array.from({ length: 30 }, (_, index) => `${index}:${"x".repeat(index % 3 === 0 ? 50_000 : index)}`)
      const kept = yield* Effect.forEach(
        sent,
        (body) =>
          call("/api/v1/webhooks/mixed", Api.webhook(body)).pipe(
            Effect.flatMap(Gateway.accepted),
            Effect.flatMap(({ eventId }) => manage(`/events/${eventId}/body`))
          ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(kept.map((_) => _.text), sent)
    }))

  it.effect("shows a body without a type as bytes, and never as a page that runs", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* Gateway.integration("page", nowhere)
      const page = yield* call("/api/v1/webhooks/page", Api.webhook("<script>", { "content-type": "text/html" }))
      const shown = yield* manage(`/events/${(yield* Gateway.accepted(page)).eventId}/body`)
      assert.include(shown.headers.get("content-security-policy"), "sandbox")
      const untyped = yield* call("/api/v1/webhooks/page", Api.webhook(Uint8Array.of(1, 2)))
      const bytes = yield* manage(`/events/${(yield* Gateway.accepted(untyped)).eventId}/body`)
      assert.strictEqual(bytes.headers.get("content-type"), "application/octet-stream")
    }))
})
