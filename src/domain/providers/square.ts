import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `x-square-hmacsha256-signature: <base64>` over the registered URL and the body. Source: the Square SDK. */
export const square: Provider = {
  title: "Square",
  docs: "https://developer.squareup.com/docs/webhooks/step3validate",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-square-hmacsha256-signature"],
      form: { _tag: "Plain", prefix: "", prefixOptional: false },
      hash: "sha256",
      encoding: "base64",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{url}{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ json: JsonPath.make("$.event_id") }]],
    type: [[{ json: JsonPath.make("$.type") }]]
  })
}
