import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-Hub-Signature: sha1=<hex>` by the app's client secret. Source: Intercom docs. */
export const intercom: Provider = {
  title: "Intercom",
  docs: "https://developers.intercom.com/docs/webhooks/webhook-notifications",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-hub-signature"],
      form: { _tag: "Plain", prefix: "sha1=", prefixOptional: false },
      hash: "sha1",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ json: JsonPath.make("$.id") }]],
    type: [[{ json: JsonPath.make("$.topic") }]]
  })
}
