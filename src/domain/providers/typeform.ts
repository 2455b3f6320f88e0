import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `Typeform-Signature: sha256=<base64>`: the prefix of a hex signature, and base64 behind it. Source: typeform.com/developers. */
export const typeform: Provider = {
  title: "Typeform",
  docs: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["typeform-signature"],
      form: { _tag: "Plain", prefix: "sha256=", prefixOptional: false },
      hash: "sha256",
      encoding: "base64",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ json: JsonPath.make("$.event_id") }]],
    type: [[{ json: JsonPath.make("$.event_type") }]]
  })
}
