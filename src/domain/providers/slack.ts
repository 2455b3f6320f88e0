import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-Slack-Signature: v0=<hex>` over version, timestamp and body. Commands and interactions carry no event id. Source: bolt-js. */
export const slack: Provider = {
  title: "Slack",
  docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-slack-signature"],
      form: { _tag: "Plain", prefix: "v0=", prefixOptional: false },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("v0:{timestamp}:{raw}")
    },
    timestamp: Option.some({
      source: { header: "x-slack-request-timestamp" },
      unit: "seconds",
      maxAge: 300,
      maxAhead: 300
    }),
    id: Option.none(),
    dedupe: [[{ json: JsonPath.make("$.event_id") }]],
    type: [[{ json: JsonPath.make("$.event.type") }], [{ json: JsonPath.make("$.type") }]]
  })
}
