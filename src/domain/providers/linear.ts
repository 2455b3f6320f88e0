import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `Linear-Signature: <hex>`; the time stands in the signed body. `data.id` names an issue, not the webhook. Source: the Linear SDK. */
export const linear: Provider = {
  title: "Linear",
  docs: "https://linear.app/developers/webhooks",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["linear-signature"],
      form: { _tag: "Plain", prefix: "", prefixOptional: false },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.some({
      source: { json: JsonPath.make("$.webhookTimestamp") },
      unit: "milliseconds",
      maxAge: 60,
      maxAhead: 60
    }),
    id: Option.none(),
    dedupe: [[{ header: "linear-delivery" }]],
    type: [[{ header: "linear-event" }, { json: JsonPath.make("$.action") }], [{ header: "linear-event" }], [{
      json: JsonPath.make("$.type")
    }, { json: JsonPath.make("$.action") }], [{ json: JsonPath.make("$.type") }]]
  })
}
