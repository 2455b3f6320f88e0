import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import { managementKey } from "../../support/ManagementKey.ts"
import * as Api from "../Api.ts"

const marker = "whsec_MARKER7fQ2xZ"
const key = { authorization: `Bearer ${managementKey}` }
const json = { ...key, "content-type": "application/json" }
const integration = { slug: "echo", name: "Echo", provider: "hmac", secrets: ["a-secret"] }
const url = "http://127.0.0.1:9/hook"

/** Places in a new integration where a secret may land by mistake. */
const misplaced: ReadonlyArray<Readonly<Record<string, unknown>>> = [
  { slug: marker },
  { slug: [marker] },
  { name: [marker] },
  { name: marker.repeat(50) },
  { provider: marker },
  { secrets: marker },
  { secrets: { value: marker } },
  { secrets: [{ value: marker }] },
  { secrets: [[marker]] },
  { secrets: [` ${marker}`] },
  { secrets: [marker.repeat(100)] },
  { secrets: Array.from({ length: 11 }, () => marker) },
  { secrets: [marker], unknown: 1 },
  { secrets: [marker], name: undefined },
  { provider: "standard-webhooks", secrets: [`${marker}!`] },
  { callbackUrl: marker },
  { callbackUrl: `https://user:${marker}@a.example/` },
  { callbackUrl: `http://10.0.0.1/${marker}` },
  { callbackUrl: `ftp://${marker}/` },
  { callbackUrl: url + marker.repeat(200) },
  { rateLimitPerMinute: marker },
  { dedupe: marker },
  { dedupe: { header: `${marker} ` } },
  { dedupe: { jsonPath: marker } },
  { eventType: { header: 1, jsonPath: `$[${marker}` } },
  { response: marker },
  { response: { status: marker, body: [marker], contentType: `${marker}\n` } },
  { options: marker },
  { options: { header: `${marker} `, algorithm: marker, encoding: marker, prefix: marker.repeat(10) } },
  { unknown: marker },
  { secret: marker },
  { deep: { deeper: [marker] } }
]

const queries = ["limit", "cursor", "status", "from", "to", "integration", "dedupeKey", "type"]
const params = [
  ...queries.map((name) => `/events?${name}=`),
  "/deliveries?destinationId=",
  "/deliveries?status=",
  "/deliveries?integration=",
  "/integrations?cursor="
]
const paths = ["/integrations/", "/destinations/", "/events/", "/deliveries/"]

layer(Api.onTwins(), Api.live)("a secret in the wrong place", (it) => {
  it.effect("is not told back", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* Gateway.integration("existing", url)
      const answers = [
        ...yield* Effect.forEach(misplaced, (changes) => manage("/integrations", { ...integration, ...changes })),
        ...yield* Effect.forEach(misplaced, (changes) =>
          manage("/integrations/existing", { ...changes, bad: 1 }, "PATCH")),
        ...yield* Effect.forEach(
          [{ url: marker }, { url: [marker] }, { url, filter: marker }, { url, retryPolicy: { maxRetries: marker } }, {
            url,
            signingSecret: marker
          }],
          (fields) =>
            manage("/integrations/existing/destinations", fields)
        ),
        ...yield* Effect.forEach(params, (path) => manage(path + marker.repeat(20))),
        ...yield* Effect.forEach(params, (path) => manage(path + marker)),
        ...yield* Effect.forEach(paths, (path) => manage(path + marker)),
        ...yield* Effect.forEach(paths, (path) => manage(path + marker, undefined, "DELETE")),
        ...yield* Effect.forEach([marker, `"${marker}"`, `["${marker}"]`, `{"slug":"${marker}`], (body) =>
          call("/api/v1/integrations", { body, headers: json })),
        yield* call("/api/v1/integrations", { body: marker, headers: { ...key, "content-type": marker } }),
        yield* call("/api/v1/integrations", { headers: { authorization: `Bearer ${marker}` } }),
        yield* call("/api/v1/webhooks/existing", { body: marker, headers: { "x-signature": marker } }),
        yield* call(`/api/v1/webhooks/${marker}`, { body: marker })
      ]
      const refused = answers.filter((_) =>
        _.status >= 400
      )
      assert.isAtLeast(refused.length, answers.length - 2)
      assert.deepStrictEqual(answers.filter((_) => _.status >= 500), [])
      assert.deepStrictEqual(answers.filter((_) => _.text.includes("MARKER")).map((_) => _.text), [])
    }))
})
