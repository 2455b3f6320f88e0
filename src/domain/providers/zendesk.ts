import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `x-zendesk-webhook-signature: <base64>`; the secret looks like base64 and is used as text. Source: developer.zendesk.com. */
export const zendesk: Provider = {
  title: "Zendesk",
  docs: "https://developer.zendesk.com/documentation/webhooks/verifying/",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-zendesk-webhook-signature"],
      form: { _tag: "Plain", prefix: "", prefixOptional: false },
      hash: "sha256",
      encoding: "base64",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{timestamp}{raw}")
    },
    timestamp: Option.some({
      source: { header: "x-zendesk-webhook-signature-timestamp" },
      unit: "iso",
      maxAge: 300,
      maxAhead: 300
    }),
    id: Option.none(),
    dedupe: [[{ header: "x-zendesk-webhook-invocation-id" }]],
    type: [[{ json: JsonPath.make("$.type") }]]
  })
}
